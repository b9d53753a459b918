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

/** Tries after the first, where the rule does not say. */
export const maxAttemptsOf = (rule: RetryRule): number => rule.MaxAttempts ?? 3;

/** Exponential backoff, capped, then full jitter: anything between nothing and all of it. */
export function delayMs(rule: RetryRule, retriesSoFar: number, random: () => number): number {
  const grown = (rule.IntervalSeconds ?? 1) * (rule.BackoffRate ?? 2) ** retriesSoFar;
  // a year stands for "for ever": beyond it a moment in time would lose its milliseconds
  const capped = Math.min(grown, rule.MaxDelaySeconds ?? 31_536_000);
  return Math.round(1000 * capped * (rule.JitterStrategy === 'FULL' ? random() : 1));
}
