import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { ChangeOptions } from '../change/view.ts';
import { gatePath } from '../html/markup.ts';

export const layoutOf = (c: Context): Pick<ChangeOptions, 'layout' | 'long'> => ({
  layout: c.req.query('view') === 'split' ? 'split' : 'unified',
  long: c.req.query('wrap') === 'no',
});

const cookie = 'drydock_read';
const markShape = /^[A-Za-z0-9_-]{8}$/;
/** A cookie has at most 4 KB. */
const maxMarks = 400;

/**
 * Marks of the files that this browser's person has read. They are kept in the browser: they help a person not to lose
 * the place, and nothing is decided by them.
 */
export const readMarks = (c: Context): Set<string> =>
  new Set((getCookie(c, cookie) ?? '').split('.').filter((mark) => markShape.test(mark)));

export function setReadMark(c: Context, gateId: string, mark: string, read: boolean): void {
  if (!markShape.test(mark)) return;
  const marks = readMarks(c);
  marks.delete(mark);
  if (read) marks.add(mark);
  const secure = new URL(c.req.url).protocol === 'https:';
  const value = [...marks].slice(-maxMarks).join('.');
  setCookie(c, cookie, value, {
    path: gatePath(gateId),
    httpOnly: true,
    sameSite: 'Strict',
    secure,
    maxAge: 30 * 86_400,
  });
}
