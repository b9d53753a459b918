import { DrydockError } from '../../core/errors.ts';
import { isFinal } from '../../core/run/status.ts';
import type { Deps } from '../deps.ts';

/**
 * Whether a run has ended, or was never created, so that what it holds can be freed. One whose record cannot be read keeps
 * what it holds, and does not hold up the others.
 */
export async function hasEnded({ runs }: Pick<Deps, 'runs'>, runId: string): Promise<boolean> {
  try {
    const run = await runs.get(runId);
    return run === undefined || isFinal(run.status);
  } catch (error) {
    if (error instanceof DrydockError && error.name === 'RecordUnreadable') return false;
    throw error;
  }
}
