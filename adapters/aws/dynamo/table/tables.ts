/**
 * Index of run records by creation time; read backwards, it gives the newest runs first. It projects keys only: with
 * all attributes, each change of a run would be written, and charged, twice.
 */
export const byTimeIndex = 'byTime';

/**
 * Sparse index of unfinished runs by creation time: the attribute `unfinished` is in the record of a run until its end.
 * It projects keys only too, so it costs one write at the start of a run and one at the end.
 */
export const unfinishedIndex = 'unfinished';

/** DynamoDB deletes an item within days after the time in this attribute, in epoch seconds; most items have none. */
export const expiresAt = 'expiresAt';

/** The value of `expiresAt` for an item that nothing needs after so many days. @param now Epoch milliseconds. */
export const inDays = (days: number, now: number): number => Math.floor(now / 1_000) + days * 86_400;
