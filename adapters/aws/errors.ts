import { DrydockError } from '../../core/errors.ts';

/** What is looked at of what the SDK throws: an answer of a service, or a connection that broke. */
interface SdkError {
  name: string;
  message: string;
  code?: string;
  cause?: unknown;
  $fault?: 'client' | 'server';
  $retryable?: object;
  $metadata?: { httpStatusCode?: number };
}

/** Services say these with a status of 400 or 409, under which other names are final. */
const laterNames = new Set([
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
 * What AWS, or the way to it, threw, as an error of ours; undefined for anything else. Of its words only the name goes
 * on, and of a refusal the action and the resource: the rest may quote what was sent.
 * `Conflict` may succeed when it is tried again, as the machine does; `ServiceRefused` will not.
 */
export function awsError(error: unknown): DrydockError | undefined {
  if (!(error instanceof Error)) return undefined;
  const known = error as SdkError;
  const answered = known.$fault !== undefined && known.$metadata !== undefined;
  if (mayPass(known)) {
    const what = answered ? `AWS answered ${known.name}` : `AWS did not answer (${known.code ?? known.name})`;
    return new DrydockError('Conflict', `${what}; it is tried again.`);
  }
  if (!answered) return undefined;
  const refused = /not authorized to perform: ([\w:]{1,80})(?: on resource: (arn:[\w:/.*-]{1,400}))?/.exec(
    known.message,
  );
  const what = `AWS answered ${known.name}`;
  if (!refused) return new DrydockError('ServiceRefused', `${what}.`);
  const [, action, resource] = refused;
  const on = resource === undefined ? '' : ` on ${resource}`;
  return new DrydockError('ServiceRefused', `${what}: ${action}${on}.`, {
    remedy: `Allow ${action}${on} to the role that asked; deploying again puts its policies back.`,
  });
}

/** The same port; what AWS throws through it has our names. */
export function withOurNames<T extends object>(port: T): T {
  const rename = (error: unknown): never => {
    throw awsError(error) ?? error;
  };
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(value, target, given);
        return answer instanceof Promise ? answer.catch(rename) : answer;
      };
    },
  });
}

function mayPass(error: SdkError, depth = 0): boolean {
  const status = error.$metadata?.httpStatusCode ?? 0;
  return (
    error.$retryable !== undefined ||
    error.$fault === 'server' ||
    status === 429 ||
    status >= 500 ||
    laterNames.has(error.name) ||
    brokenConnections.has(error.code ?? '') ||
    (depth < 5 && error.cause instanceof Error && mayPass(error.cause as SdkError, depth + 1))
  );
}
