import { awsError } from '../../adapters/aws/errors.ts';
import { DrydockError, viewError } from '../../core/errors.ts';
import { type Context, observed } from './telemetry.ts';

export type Handler = (event: unknown, context?: Context) => Promise<unknown>;

/** What AWS throws gets a name of ours, and nothing it says but its name goes further. */
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

/** What AWS could not do now is tried again by the machine; what it does not allow is a fault of the deployment. */
export function named(error: unknown): Error {
  if (error instanceof DrydockError) return error;
  return awsError(error) ?? new DrydockError('Internal', viewError(error).message, { cause: error });
}

/** Steps are told their run. */
function runIdOf(event: unknown): string | undefined {
  const { runId } = (event ?? {}) as { runId?: unknown };
  return typeof runId === 'string' && /^[rd]-[0-9a-f]{40}$/.test(runId) ? runId : undefined;
}
