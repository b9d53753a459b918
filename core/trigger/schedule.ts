import { Cron } from 'croner';

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

const cronOf = (pattern: string, timezone: string): Cron =>
  new Cron(pattern, { timezone, paused: true, mode: '5-part' });
