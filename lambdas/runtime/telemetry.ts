import { Logger } from '@aws-lambda-powertools/logger';
import { defined } from '../../core/defined.ts';
import { DrydockError, viewError } from '../../core/errors.ts';

export type Context = Parameters<Logger['addContext']>[0];

export const serviceName = 'drydock';
/** Logs JSON lines with the invocation id. Logged values are validated: ids, names, figures. */
export const logger = new Logger({ serviceName });
/**
 * Runs the work of an invocation, and logs one line if it fails. The error is rethrown. The log has the stack of an
 * unexpected error, and only name and message of a `DrydockError`. Each line names the trace that Lambda made of the
 * invocation, so that a run is followed from its lines to its traces.
 */
export async function observed<T>(
  context: Context | undefined,
  runId: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  logger.resetKeys();
  if (context) logger.addContext(context);
  if (runId !== undefined) logger.appendKeys({ runId });
  try {
    return await work();
  } catch (error) {
    const { name: errorName, message } = viewError(error);
    const stack = error instanceof DrydockError && error.name !== 'Internal' ? undefined : stackOf(error);
    logger.error(errorName, { detail: message, ...defined({ stack }) });
    throw error;
  }
}

const stackOf = (error: unknown): string | undefined => {
  const of = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return of instanceof Error ? of.stack : undefined;
};
