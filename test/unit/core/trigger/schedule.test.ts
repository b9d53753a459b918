import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lastFiring, scheduleFault, zoneFault } from '../../../../core/trigger/schedule.ts';

const at = (text: string): number => Date.parse(text);
const berlin = (schedule: string) => ({ schedule, timezone: 'Europe/Berlin' });
const shown = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();

describe('R53 the newest time at which a schedule fires', () => {
  test.each<[string, string, string, string | undefined]>([
    ['0 6 * * 1', '2026-11-29T12:00Z', '2026-11-30T04:59Z', undefined],
    ['0 6 * * 1', '2026-11-29T12:00Z', '2026-11-30T05:00Z', '2026-11-30T05:00:00.000Z'],
    ['0 6 * * 1', '2026-11-30T05:00Z', '2026-11-30T12:00Z', undefined],
    // Missed: the last one counts, and none that is older than a day.
    ['0 * * * *', '2026-11-20T00:00Z', '2026-11-30T12:30Z', '2026-11-30T12:00:00.000Z'],
    ['0 6 * * 1', '2026-11-20T00:00Z', '2026-12-01T05:30Z', undefined],
    // The clock jumps from 2 to 3: what falls between fires when it has jumped.
    ['30 2 * * *', '2026-03-28T12:00Z', '2026-03-29T12:00Z', '2026-03-29T01:00:00.000Z'],
    // The hour from 2 to 3 comes twice: once, at its first coming.
    ['30 2 * * *', '2026-10-24T12:00Z', '2026-10-25T12:00Z', '2026-10-25T00:30:00.000Z'],
    ['30 2 * * *', '2026-10-25T00:30Z', '2026-10-25T12:00Z', undefined],
    // Every hour is every hour.
    ['0 * * * *', '2026-10-25T00:00Z', '2026-10-25T01:00Z', '2026-10-25T01:00:00.000Z'],
  ])('%s after %s at %s', (schedule, after, now, expected) => {
    expect(shown(lastFiring(berlin(schedule), at(after), at(now)))).toBe(expected);
  });

  test('is the same whenever somebody looks, over a change of the clock', () => {
    const day = 24 * 60 * 60_000;
    const times = fc.integer({ min: at('2026-10-24T00:00Z'), max: at('2026-10-26T00:00Z') });
    fc.assert(
      fc.property(
        fc.constantFrom('30 2 * * *', '0 3 * * *', '15 * * * *', '0 6 * * 0'),
        fc.array(times, { maxLength: 20 }),
        (schedule, looks) => {
          const start = at('2026-10-24T00:00Z');
          const end = at('2026-10-26T00:00Z');
          // All firings, one minute after the other; and those of looks at any times, each of which goes on from the start.
          const all = new Set<number>();
          for (let now = start; now <= end; now += 60_000) {
            const fired = lastFiring(berlin(schedule), start, now);
            if (fired !== undefined && now - fired < day) all.add(fired);
          }
          for (const now of looks) {
            const fired = lastFiring(berlin(schedule), start, now);
            if (fired !== undefined) expect(all).toContain(fired);
          }
        },
      ),
      { numRuns: 4 },
    );
  });
});

test.each([
  ['0 6 * *'],
  ['0 6 * * * *'],
  ['@daily'],
  ['60 * * * *'],
  ['0 0 31 2 *'],
  ['0 6 L * *'],
  ['* * * * 8'],
  [''],
])('%s is refused', (schedule) => {
  expect(scheduleFault(schedule)).toEqual(expect.any(String));
});

test('time zones are those of the machine', () => {
  expect(['Europe/Berlin', 'UTC', 'America/St_Johns'].map(zoneFault)).toEqual([undefined, undefined, undefined]);
  expect(['Mars/Base', '', '../etc', '+02:00'].map((zone) => zoneFault(zone) !== undefined)).toEqual([
    true,
    true,
    true,
    true,
  ]);
});
