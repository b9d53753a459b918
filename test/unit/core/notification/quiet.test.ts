import { describe, expect, test } from 'vitest';
import { quietHours, quietUntil } from '../../../../core/notification/quiet.ts';

const until = (from: string, to: string, timezone: string, now: string): string | undefined => {
  const ms = quietUntil({ from, to, timezone }, Date.parse(now));
  return ms === undefined ? undefined : new Date(ms).toISOString();
};

describe('quiet hours end', () => {
  test.each([
    ['in the morning', '22:00', '07:00', 'UTC', '2026-11-27T23:00:00Z', '2026-11-28T07:00:00.000Z'],
    ['after midnight too', '22:00', '07:00', 'UTC', '2026-11-28T06:59:00Z', '2026-11-28T07:00:00.000Z'],
    ['on the same day', '12:00', '13:30', 'UTC', '2026-11-27T12:00:00Z', '2026-11-27T13:30:00.000Z'],
    ['in the time of the person', '22:00', '07:00', 'Asia/Kolkata', '2026-11-27T18:00:00Z', '2026-11-28T01:30:00.000Z'],
    // Berlin, 28 March 2027: 02:00 becomes 03:00; 24 October 2027: 03:00 becomes 02:00.
    [
      'an hour earlier, where the clock jumps',
      '22:00',
      '07:00',
      'Europe/Berlin',
      '2027-03-27T22:00:00Z',
      '2027-03-28T05:00:00.000Z',
    ],
    [
      'when the clock has jumped over their end',
      '22:00',
      '02:30',
      'Europe/Berlin',
      '2027-03-27T22:00:00Z',
      '2027-03-28T01:00:00.000Z',
    ],
    [
      'an hour later, where the clock goes back',
      '22:00',
      '07:00',
      'Europe/Berlin',
      '2027-10-30T21:00:00Z',
      '2027-10-31T06:00:00.000Z',
    ],
  ])('%s', (_, from, to, zone, now, expected) => {
    expect(until(from, to, zone, now)).toBe(expected);
  });

  test.each([
    ['22:00', '07:00', '2026-11-27T07:00:00Z'],
    ['22:00', '07:00', '2026-11-27T21:59:00Z'],
    ['12:00', '13:30', '2026-11-27T13:30:00Z'],
  ])('%s to %s do not hold a message at %s', (from, to, now) => {
    expect(until(from, to, 'UTC', now)).toBeUndefined();
  });
});

test.each([
  [{ from: '22:00', to: '22:00' }, 'more than nothing'],
  [{ from: '00:00', to: '23:59' }, 'at most 16 hours'],
  [{ from: '25:00', to: '07:00' }, 'a time of the day'],
  [{ from: '22:00', to: '07:00', timezone: 'Mars/Olympus' }, 'time zone'],
])('the policy refuses %j', (given, says) => {
  expect(JSON.stringify(quietHours.safeParse(given).error?.issues)).toContain(says);
});
