import { oneLine } from '../publish/escape.ts';
import type { Notice } from './notice.ts';

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November'],
  'December',
];

/** `2026-11-30T06:27:00Z` → `Monday 30 November`. */
export function dayOf(iso: string): string {
  const at = new Date(iso);
  return `${days[at.getUTCDay()]} ${at.getUTCDate()} ${months[at.getUTCMonth()]}`;
}

/** `2026-11-30T06:27:00Z` → `Monday 30 November, 06:27 UTC`. */
export const instant = (iso: string): string =>
  Number.isNaN(Date.parse(iso)) ? oneLine(iso) : `${dayOf(iso)}, ${new Date(iso).toISOString().slice(11, 16)} UTC`;

/** `['anna', 'ben', 'dana']` → `anna, ben or dana`. */
export const among = (names: readonly string[], word: 'and' | 'or'): string => {
  const shown = names.map(oneLine);
  return shown.length < 2 ? (shown[0] ?? 'nobody') : `${shown.slice(0, -1).join(', ')} ${word} ${shown.at(-1)}`;
};

/** Who decides on a gate, and who may not. */
export function deciders({ kind, may, mayNot, required, approvals }: NonNullable<Notice['gate']>): string {
  const missing = Math.max(1, required - approvals.length);
  const verb = kind === 'question' ? 'answers' : 'decides';
  const who =
    may.length === 1
      ? `${among(may, 'or')} ${verb}`
      : missing === 1
        ? `One of ${among(may, 'and')} ${verb}`
        : `${missing} of ${among(may, 'and')} decide`;
  const given = approvals.length === 0 ? '' : `; ${among(approvals, 'and')} approved`;
  return `${who}${mayNot.length === 0 ? '' : `; ${among(mayNot, 'and')} may not`}${given}.`;
}

/** Every message with a link says that the link contains no credential. */
export const approvingWords = ({ gate }: Notice): string =>
  gate
    ? 'The link opens the page; it grants no access: sign in there to decide.'
    : 'The link opens the page; it grants no access: sign in there.';
