import type { RetryRule } from '../engine/asl/types.ts';

/** The account's functions are all busy: ten retries outlive a peak of several minutes. */
export const throttled: RetryRule = {
  ErrorEquals: ['Lambda.TooManyRequestsException'],
  IntervalSeconds: 2,
  MaxAttempts: 10,
  BackoffRate: 2,
  MaxDelaySeconds: 60,
  JitterStrategy: 'FULL',
};
/**
 * Errors of Lambda and of Drydock's stores that a retry can fix: every step is idempotent, so that one whose answer was lost, or
 * whose process ended, is repeated. Five retries with full jitter: about half a minute.
 */
export const transient: RetryRule = {
  ErrorEquals: [
    'Conflict',
    'HostUnavailable',
    'HostRateLimited',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.ClientExecutionTimeoutException',
    'Lambda.Unknown',
    'Runtime.ExitError',
  ],
  IntervalSeconds: 1,
  MaxAttempts: 5,
  BackoffRate: 2,
  MaxDelaySeconds: 15,
  JitterStrategy: 'FULL',
};
/** A sandbox that was lost or interrupted is started again up to two times; the money it spent stays charged. */
export const lostSandbox: RetryRule = {
  ErrorEquals: ['SandboxLost', 'SandboxInterrupted'],
  IntervalSeconds: 2,
  MaxAttempts: 2,
  BackoffRate: 2,
  MaxDelaySeconds: 30,
  JitterStrategy: 'FULL',
};
