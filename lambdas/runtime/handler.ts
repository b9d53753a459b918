import { awsError } from '../../adapters/aws/errors.ts';
import { DrydockError, viewError } from '../../core/errors.ts';
import { type Context, observed } from './telemetry.ts';

export type Handler = (event: unknown, context?: Context) => Promise<unknown>;

/** Translates AWS errors to `DrydockError`s, which contain only the error name. */
export function asHandler(work: (event: unknown) => Promise<unknown>): Handler {
  return (event, context) =>
    observed(context, runIdOf(event), async () => {
      try {
        return await work(event);
      } catch (error) {
        throw named(error);
      }
    });
}

/** The state machine retries temporary errors of AWS; a denied request is a fault of the deployment. */
export function named(error: unknown): Error {
  if (error instanceof DrydockError) return error;
  return awsError(error) ?? new DrydockError('Internal', viewError(error).message, { cause: error });
}

/** The input of a step names its run. */
function runIdOf(event: unknown): string | undefined {
  const { runId } = (event ?? {}) as { runId?: unknown };
  return typeof runId === 'string' && /^[rd]-[0-9a-f]{40}$/.test(runId) ? runId : undefined;
}
