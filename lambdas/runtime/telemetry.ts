import { Logger } from '@aws-lambda-powertools/logger';
import { defined } from '../../core/defined.ts';
import { DrydockError, viewError } from '../../core/errors.ts';

export type Context = Parameters<Logger['addContext']>[0];

export const serviceName = 'drydock';
/** Logs JSON lines with the invocation id. Logged values are validated: ids, names, figures. */
export const logger = new Logger({ serviceName });
/** From the layer, and only if Lambda traces: it takes longer to load than everything else here. */
const tracer =
  process.env.AWS_XRAY_DAEMON_ADDRESS === undefined
    ? undefined
    : // `traced` shows calls of the AWS SDK; other URLs are not recorded.
      new (await import('@aws-lambda-powertools/tracer')).Tracer({ serviceName, captureHTTPsRequests: false });

/** An AWS client whose calls are traced: operation, region, duration; no parameters. */
export const traced = <T extends object>(client: T): T => tracer?.captureAWSv3Client(client) ?? client;

/**
 * Runs the work of an invocation with tracing, and logs one line if it fails. The error is rethrown. The log has the
 * stack of an unexpected error, and only name and message of a `DrydockError`.
 */
export async function observed<T>(
  context: Context | undefined,
  runId: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  logger.resetKeys();
  if (context) logger.addContext(context);
  if (runId !== undefined) logger.appendKeys({ runId });
  const parent = tracer?.isTracingEnabled() ? tracer.getSegment() : undefined;
  const part = parent?.addNewSubsegment(`## ${context?.functionName}`);
  if (runId !== undefined) part?.addAnnotation('runId', runId);
  if (part) tracer?.setSegment(part);
  try {
    return await work();
  } catch (error) {
    const { name: errorName, message } = viewError(error);
    part?.addErrorFlag();
    part?.addAnnotation('error', errorName);
    const stack = error instanceof DrydockError && error.name !== 'Internal' ? undefined : stackOf(error);
    logger.error(errorName, { detail: message, ...defined({ stack }) });
    throw error;
  } finally {
    part?.close();
    if (parent) tracer?.setSegment(parent);
  }
}

const stackOf = (error: unknown): string | undefined => {
  const of = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return of instanceof Error ? of.stack : undefined;
};
