import { expect, it } from 'vitest';
import { backoffMs } from '../../../../core/concurrency/backoff.ts';

it.each([
  [1, { firstMs: 1_000 }, 0, 0],
  [1, { firstMs: 1_000 }, 0.5, 500],
  [3, { firstMs: 1_000 }, 0.5, 2_000],
  [3, { firstMs: 1_000, minShare: 0.5 }, 0, 2_000],
  [3, { firstMs: 1_000, minShare: 1 }, 0, 4_000],
  [9, { firstMs: 1_000, maxMs: 5_000 }, 0.5, 2_500],
  [2_000, { firstMs: 1_000, maxMs: 5_000 }, 1, 5_000],
])('after attempt %i with %j and chance %d: %d ms', (attempt, backoff, chance, ms) => {
  expect(backoffMs(attempt, backoff, () => chance)).toBe(ms);
});
