import { duration } from '../../core/text/words.ts';
import { type Markup, markup } from './markup.ts';

export { among, count, duration } from '../../core/text/words.ts';

/** A time relative to `now`, with the exact time in the title. @param iso ISO 8601. @param now Epoch milliseconds. */
export function moment(iso: string, now: number): Markup {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return markup`${iso}`;
  const text = at > now ? `in ${duration(at - now)}` : now - at < 1_000 ? 'just now' : `${duration(now - at)} ago`;
  return markup`<time datetime="${iso}" title="${iso}">${text}</time>`;
}

/** `2026-11-21T03:04:05.678Z` → `03:04:05`, with the full time in the title. UTC. */
export const clockTime = (iso: string): Markup =>
  markup`<time datetime="${iso}" title="${iso}">${iso.slice(11, 19)}</time>`;
