export interface Backoff {
  /** Maximum wait before the first retry; it doubles with each retry. */
  firstMs: number;
  maxMs?: number;
  /** Minimum share of the maximum wait, from 0 to 1. Default: 0, which is full jitter. */
  minShare?: number;
}

/**
 * Milliseconds to wait before a retry: exponential, capped, with jitter, so that callers that failed at the same time
 * do not retry at the same time.
 * @param attempt The failed attempt, counted from 1.
 * @param random Random number in [0, 1).
 */
export function backoffMs(attempt: number, { firstMs, maxMs, minShare = 0 }: Backoff, random: () => number): number {
  const full = Math.min(maxMs ?? Number.POSITIVE_INFINITY, firstMs * 2 ** (attempt - 1));
  return full * (minShare + (1 - minShare) * random());
}
