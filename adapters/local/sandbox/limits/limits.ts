import type { PhaseLimits } from '../../../../core/run/phase.ts';
import { joinCgroup } from './cgroup.ts';
import { watchDisk } from './disk.ts';
import { descendants, watchProcesses } from './processes.ts';

export interface Limits {
  /** `cgroup2`, `cgroup1`, `watchdog` or `none`. */
  enforcer: string;
  /** Puts what was started before `startLimits` was done under the limits too. */
  cover(): Promise<void>;
  /** Ends the watching; says which limit was hit, if one was. */
  stop(): Promise<string | undefined>;
}

/**
 * Puts the process tree of `pid` under the phase's limits: control groups where this user may make one, else a watchdog
 * that adds up the tree. Disk is always watched. Never RLIMIT_AS: Node reserves far more than it uses.
 */
export async function startLimits(
  pid: number | undefined,
  options: { limits: PhaseLimits; folder: string; sealed: boolean; onHit(message: string): void },
): Promise<Limits> {
  if (pid === undefined) return { enforcer: 'none', cover: async () => undefined, stop: async () => undefined };
  const { limits, folder, onHit } = options;
  const disk = watchDisk(folder, limits.diskMb, onHit);
  const group = await joinCgroup(limits, pid);
  const stopProcesses = group === undefined ? watchProcesses(pid, limits, onHit) : undefined;
  return {
    enforcer: options.sealed ? (group?.name ?? 'watchdog') : 'none',
    cover: async () => group?.add(descendants(pid)),
    async stop() {
      disk();
      stopProcesses?.();
      return group?.close();
    },
  };
}
