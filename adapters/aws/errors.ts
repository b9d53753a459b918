import { DrydockError } from '../../core/errors.ts';

/** The fields that are read from an error of the SDK: a response of a service, or a broken connection. */
interface SdkError {
  name: string;
  message: string;
  code?: string;
  cause?: unknown;
  $fault?: 'client' | 'server';
  $retryable?: object;
  $metadata?: { httpStatusCode?: number };
}

/** Errors with status 400 or 409 that are temporary; other names with these statuses are final. */
const transientNames = new Set([
  'ConditionalRequestConflict',
  'OperationAborted',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestTimeout',
  'RequestTimeoutException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TimeoutError',
  'TooManyRequestsException',
  'TransactionInProgressException',
]);
const brokenConnections = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * An error of AWS, or of the connection to it, as a `DrydockError`; `undefined` for any other error. The message
 * contains only the error name and, for a denied request, the action and the resource: the rest may quote the request.
 * `Conflict` may succeed on a retry, which the state machine does; `ServiceRefused` will not.
 */
export function awsError(error: unknown): DrydockError | undefined {
  if (!(error instanceof Error)) return undefined;
  const known = error as SdkError;
  const answered = known.$fault !== undefined && known.$metadata !== undefined;
  if (isTransient(known)) {
    const what = answered ? `AWS answered ${known.name}` : `AWS did not answer (${known.code ?? known.name})`;
    return new DrydockError('Conflict', `${what}; the step is retried.`);
  }
  if (!answered) return undefined;
  const refused = /not authorized to perform: ([\w:]{1,80})(?: on resource: "?(arn:[\w:/.*-]{1,400}))?/.exec(
    known.message,
  );
  const what = `AWS answered ${known.name}`;
  if (!refused) return new DrydockError('ServiceRefused', `${what}.`);
  const [, action, resource] = refused;
  const on = resource === undefined ? '' : ` on ${resource}`;
  return new DrydockError('ServiceRefused', `${what}: ${action}${on}.`, {
    remedy: `Allow ${action}${on} for the role that made the call; a new deployment restores its policies.`,
  });
}

/** Wraps a port so that AWS errors become `DrydockError`s. */
export function withDrydockErrors<T extends object>(port: T): T {
  const translate = (error: unknown): never => {
    throw awsError(error) ?? error;
  };
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(value, target, given);
        return answer instanceof Promise ? answer.catch(translate) : answer;
      };
    },
  });
}

function isTransient(error: SdkError, depth = 0): boolean {
  const status = error.$metadata?.httpStatusCode ?? 0;
  return (
    error.$retryable !== undefined ||
    error.$fault === 'server' ||
    status === 429 ||
    status >= 500 ||
    transientNames.has(error.name) ||
    brokenConnections.has(error.code ?? '') ||
    (depth < 5 && error.cause instanceof Error && isTransient(error.cause as SdkError, depth + 1))
  );
}
