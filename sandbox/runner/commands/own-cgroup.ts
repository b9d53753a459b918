import { readFileSync } from 'node:fs';
import type { PhaseLimits } from '../../../core/run/phase.ts';
import { counter, limitHit } from '../../limit-hit.ts';

const read = (name: string): string => {
  try {
    return readFileSync(`/sys/fs/cgroup/${name}`, 'utf8');
  } catch {
    return ''; // of the other version, or not shown
  }
};

/**
 * The limit of this container that was hit, as its control group counted it: the engine only tells of a container that
 * ran out of memory as a whole.
 */
export const ownLimitHit = (limits: PhaseLimits): string | undefined =>
  limitHit(limits, {
    oom: counter(read('memory.events'), 'oom_kill') + counter(read('memory/memory.oom_control'), 'oom_kill'),
    forks: counter(read('pids.events'), 'max') + counter(read('pids/pids.events'), 'max'),
  });
