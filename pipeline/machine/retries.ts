import type { RetryRule } from '../../engine/asl/types.ts';

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
/**
 * The code host's budget of requests is used up, until the end of the hour at most. Twenty-four retries with full jitter
 * outlive it; each costs a transition and no request, as long as the client knows the time of the reset.
 */
export const hostLimited: RetryRule = {
  ErrorEquals: ['HostRateLimited'],
  IntervalSeconds: 20,
  MaxAttempts: 24,
  BackoffRate: 2,
  MaxDelaySeconds: 600,
  JitterStrategy: 'FULL',
};
/**
 * AWS has no room for a task now. It costs none of the attempts of a lost sandbox: forty retries with full jitter, about
 * three hours, after which the run fails by that name.
 */
export const noCapacity: RetryRule = {
  ErrorEquals: ['CapacityMissing'],
  IntervalSeconds: 15,
  MaxAttempts: 40,
  BackoffRate: 2,
  MaxDelaySeconds: 600,
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
