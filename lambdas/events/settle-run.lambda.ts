import { z } from 'zod';
import { endRun } from '../../pipeline/reconcile/end-run.ts';
import { withDeps } from '../runtime/step-handler.ts';

/** https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html */
const ended = z.object({
  detail: z.object({
    /** The run id. */
    name: z.string(),
    status: z.enum(['ABORTED', 'FAILED', 'TIMED_OUT']),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
});

/**
 * Handles an execution that ended without its Settle state: stopped in the console, timed out, or an uncaught error.
 */
export const handler = withDeps(async (deps, event) => {
  const { name, status, error, cause } = ended.parse(event).detail;
  const reason = cause ?? `The execution ended as ${status}${error ? ` (${error})` : ''}.`;
  await endRun(
    deps,
    name,
    status === 'ABORTED'
      ? { status: 'cancelled', error: 'Cancelled', cause: 'The execution was stopped.' }
      : { status: 'failed', error: 'Internal', cause: reason },
  );
});
