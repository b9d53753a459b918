import type { PhaseLimits } from '../core/run/phase.ts';

/** What a control group counted, for people; undefined if no limit of it was hit. */
export function limitHit(
  limits: Pick<PhaseLimits, 'memoryMb' | 'pids'>,
  { oom, forks }: { oom: number; forks: number },
): string | undefined {
  if (oom > 0) return `memory_mb: the kernel killed ${oom} process(es) at ${limits.memoryMb} MB`;
  if (forks > 0) return `pids: ${forks} process(es) above the limit of ${limits.pids} could not be started`;
  return undefined;
}

/** A counter of a file such as `memory.events`. */
export const counter = (text: string, key: string): number =>
  Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
