/** The parts of the reconciler: one that fails or hangs takes nothing from the others. */
import { expect, test } from 'vitest';
import { DrydockError } from '../../../core/errors.ts';
import { inParts } from '../../../lambdas/events/parts.ts';

test('F7 each part is done, whatever happens to the others, and the late one is told to stop', async () => {
  let told: AbortSignal | undefined;
  const { found, failed } = await inParts(
    {
      runs: async () => ({ left: 0 }),
      specs: (signal) => {
        told = signal;
        return new Promise<never>(() => undefined);
      },
      deliveries: async () => {
        throw new DrydockError('HostRateLimited', 'wait');
      },
      ages: async () => ({ appKeyAgeMs: 1 }),
    },
    50,
  );
  expect(found).toEqual({ left: 0, appKeyAgeMs: 1 });
  expect(failed).toEqual({ deliveries: 'HostRateLimited', specs: 'TimedOut' });
  expect(told?.aborted).toBe(true);
});

test('without a failure nothing is named, and nothing waits for the limit', async () => {
  expect(await inParts({ one: async () => ({ a: 1 }) }, 3_600_000)).toEqual({ found: { a: 1 }, failed: {} });
});
