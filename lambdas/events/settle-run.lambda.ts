import { readEnded } from '../../adapters/aws/ended-execution.ts';
import { endRun } from '../../pipeline/reconcile/end-run.ts';
import { announcing } from '../runtime/notices/announcing.ts';
import { stopping } from '../runtime/running-phases.ts';
import { withDeps } from '../runtime/step-handler.ts';

/**
 * Handles an execution that ended without its Settle state: stopped in the console, timed out, or an uncaught error.
 */
export const handler = withDeps(
  async (deps, event) => {
    const { name, stopped, reason } = readEnded(event);
    await endRun(
      deps,
      name,
      stopped
        ? { status: 'cancelled', error: 'Cancelled', cause: 'The execution was stopped.' }
        : { status: 'failed', error: 'Internal', cause: reason },
    );
  },
  { stopping, announcing },
);
