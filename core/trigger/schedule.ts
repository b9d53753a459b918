import { Cron } from 'croner';

/** How long after its time a firing that was missed is still made. */
const maxLateMs = 24 * 60 * 60_000;

/** Firings within that time, of a schedule for every minute. */
const maxSteps = 24 * 60 + 1;

/** Any fixed time; a schedule that never fires is found from here. */
const somewhen = new Date(Date.UTC(2026, 0, 1));

const fields = /^[0-9*,/-]+(?: [0-9*,/-]+){2} [0-9*,/A-Za-z-]+ [0-9*,/A-Za-z-]+$/;

/** The reason why a text is not a schedule of five fields; undefined if it is. */
export function scheduleFault(pattern: string): string | undefined {
  if (!fields.test(pattern))
    return 'Write five fields, such as "0 6 * * 1": minute, hour, day, month, day of the week.';
  try {
    if (cronOf(pattern, 'UTC').nextRun(somewhen) === null) return 'This time never comes.';
    return undefined;
  } catch (error) {
    return `Write a valid schedule: ${error instanceof Error ? error.message.replace(/^CronPattern: /, '').slice(0, 200) : 'it cannot be read'}.`;
  }
}

/** The reason why a text is not the name of a time zone; undefined if it is. */
export function zoneFault(zone: string): string | undefined {
  const message = 'Write the name of a time zone, such as Europe/Berlin or UTC.';
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(zone)) return message;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return undefined;
  } catch {
    return message;
  }
}

/**
 * The newest time in (`after`, `now`] at which a schedule fires, at most 24 hours ago; undefined if there is none. A time
 * that daylight saving skips fires when the clock has jumped; an hour that it doubles fires once, unless the schedule
 * names every hour. Only the direction forward of the library is used, so that every process finds the same times.
 */
export function lastFiring(
  { schedule, timezone }: { schedule: string; timezone: string },
  after: number,
  now: number,
): number | undefined {
  const cron = cronOf(schedule, timezone);
  let found: number | undefined;
  let at: Date | null = new Date(Math.max(after, now - maxLateMs));
  for (let step = 0; step < maxSteps; step++) {
    at = cron.nextRun(at);
    if (at === null || at.getTime() > now) break;
    found = at.getTime();
  }
  return found;
}

const cronOf = (pattern: string, timezone: string): Cron =>
  new Cron(pattern, { timezone, paused: true, mode: '5-part' });
