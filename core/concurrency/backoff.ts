export interface Backoff {
  /** The longest wait before the first repetition; it doubles with each one. */
  firstMs: number;
  maxMs?: number;
  /** The smallest share of the wait, from 0 to 1. Default: 0, which is full jitter. */
  minShare?: number;
}

/**
 * How long to wait before a repetition: exponential, capped, with jitter, so that callers that failed together do not come
 * back together.
 * @param attempt The attempt that failed, from 1.
 * @param random From 0 up to 1.
 */
export function backoffMs(attempt: number, { firstMs, maxMs, minShare = 0 }: Backoff, random: () => number): number {
  const full = Math.min(maxMs ?? Number.POSITIVE_INFINITY, firstMs * 2 ** (attempt - 1));
  return full * (minShare + (1 - minShare) * random());
}
