import { Cron } from 'croner';
import { z } from 'zod';
import { refused } from '../task-spec/fields.ts';
import { zoneFault } from '../trigger/schedule.ts';

const time = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'Write a time of the day such as 08:00.');
const timezone = refused(z.string().max(100), zoneFault).default('UTC');
/** Hours of a day in which a person may be quiet, at most. */
const maxHours = 16;

/** Hours in which a person gets no messages that can wait. */
export const quietHours = z.strictObject({ from: time, to: time, timezone }).check(({ value, issues }) => {
  const minutes = (minuteOf(value.to) - minuteOf(value.from) + 1_440) % 1_440;
  if (minutes > 0 && minutes <= maxHours * 60) return;
  const message = `Write quiet hours of more than nothing and at most ${maxHours} hours.`;
  issues.push({ code: 'custom', message, path: ['to'], input: value.to });
});
export type QuietHours = z.infer<typeof quietHours>;

/** When a summary of the day is sent. */
export const digestTime = z.strictObject({
  at: time.default('08:00'),
  timezone,
  days: z.enum(['daily', 'weekdays']).default('weekdays'),
});
export type DigestTime = z.infer<typeof digestTime>;

/** Five fields of cron. */
export const digestSchedule = ({ at, days }: DigestTime): string =>
  `${minuteOf(at) % 60} ${Math.floor(minuteOf(at) / 60)} * * ${days === 'weekdays' ? '1-5' : '*'}`;

/**
 * The moment until which a person is quiet, epoch milliseconds; undefined while they are not. An end that daylight saving
 * skips is when the clock has jumped.
 */
export function quietUntil({ from, to, timezone: zone }: QuietHours, now: number): number | undefined {
  const local = localMinute(zone, now);
  const [start, end] = [minuteOf(from), minuteOf(to)];
  const quiet = start < end ? local >= start && local < end : local >= start || local < end;
  if (!quiet) return undefined;
  const pattern = `${end % 60} ${Math.floor(end / 60)} * * *`;
  return new Cron(pattern, { timezone: zone, paused: true, mode: '5-part' }).nextRun(new Date(now))?.getTime();
}

const minuteOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));

function localMinute(timeZone: string, now: number): number {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return minuteOf(parts.format(now));
}
