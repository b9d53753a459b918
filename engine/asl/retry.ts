import type { RetryRule } from './types.ts';

/**
 * Whether a Retry or Catch names an error. `States.Runtime` always ends the execution; `States.DataLimitExceeded` is
 * caught by its own name only (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html).
 */
export function matches(names: string[], error: string): boolean {
  if (error === 'States.Runtime') return false;
  if (names.includes(error)) return true;
  if (error === 'States.DataLimitExceeded') return false;
  return names.includes('States.ALL') || (names.includes('States.TaskFailed') && error !== 'States.Timeout');
}

/** Maximum number of retries of a rule; default 3. */
export const maxAttemptsOf = (rule: RetryRule): number => rule.MaxAttempts ?? 3;

/** Exponential backoff with a cap, then full jitter: a random part of the delay. */
export function delayMs(rule: RetryRule, retriesSoFar: number, random: () => number): number {
  const grown = (rule.IntervalSeconds ?? 1) * (rule.BackoffRate ?? 2) ** retriesSoFar;
  // Without a maximum, one year is the cap: a later time would lose its milliseconds.
  const capped = Math.min(grown, rule.MaxDelaySeconds ?? 31_536_000);
  return Math.round(1000 * capped * (rule.JitterStrategy === 'FULL' ? random() : 1));
}
