import type { PhaseLimits } from '../../../../core/run/phase.ts';
import { joinCgroup } from './cgroup.ts';
import { measureHere, watchDisk } from './disk.ts';
import { descendants, watchProcesses } from './processes.ts';

export interface Limits {
  /** `cgroup2`, `cgroup1`, `watchdog` or `none`. */
  enforcer: string;
  /** Applies the limits also to processes that started before `startLimits` resolved. */
  cover(): Promise<void>;
  /** Stops enforcing; resolves with the limit that was hit, if any. */
  stop(): Promise<string | undefined>;
}

/**
 * Applies the phase's limits to the process tree of `pid`: with control groups if this user may create them, otherwise
 * with a watchdog that sums up the tree. Disk usage is always watched. RLIMIT_AS is not used, because Node reserves far
 * more than it uses.
 */
export async function startLimits(
  pid: number | undefined,
  options: { limits: PhaseLimits; folder: string; sealed: boolean; onHit(message: string): void },
): Promise<Limits> {
  if (pid === undefined) return { enforcer: 'none', cover: async () => undefined, stop: async () => undefined };
  const { limits, folder, sealed, onHit } = options;
  const stopDisk = watchDisk(() => measureHere(folder, ['.'], sealed), { limitMb: limits.diskMb, onHit });
  const group = await joinCgroup(limits, pid);
  const stopProcesses = group === undefined ? watchProcesses(pid, limits, onHit) : undefined;
  return {
    enforcer: sealed ? (group?.name ?? 'watchdog') : 'none',
    cover: async () => group?.add(descendants(pid)),
    async stop() {
      stopDisk();
      stopProcesses?.();
      return group?.close();
    },
  };
}
