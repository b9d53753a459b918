import truncatedWidth from 'fast-string-truncated-width';
import fastWidth from 'fast-string-width';
import { wrapAnsi } from 'fast-wrap-ansi';

/** Columns that a text takes on a terminal: two for a wide character, none for a style. */
export const widthOf = (text: string): number => fastWidth(text);

export const padded = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));

/** A text cut with an ellipsis where it is wider than that; its styles end where it is cut. */
export function fitted(text: string, width: number): string {
  if (width === Number.POSITIVE_INFINITY) return text;
  const { index, truncated } = truncatedWidth(text, { limit: width, ellipsis: '…' });
  if (!truncated) return text;
  const cut = text.slice(0, index);
  return `${cut}…${cut.includes('\u001b[') ? '\u001b[0m' : ''}`;
}

/** A path that is too wide without its first folders, because its end says more. */
export function fittedPath(path: string, width: number): string {
  const folders = path.split('/');
  for (let i = 0; i < folders.length; i++) {
    const shown = i === 0 ? path : `…/${folders.slice(i).join('/')}`;
    if (widthOf(shown) <= width) return shown;
  }
  return fitted(`…/${folders.at(-1)}`, width);
}

/** Columns that remain for a text, however deep its indentation is. */
const minRoom = 20;
/** Spaces and the mark of a list item: the lines below an item begin where its text does. */
const lead = /^\s*(?:(?:[-*•]|\d{1,3}[.)])\s+)?/;

/**
 * A text below a label, wrapped at words: further lines begin under the first one, and those of list items under their
 * text. @param width Columns of the terminal; infinite if nothing is to be wrapped.
 */
export function hanging(label: string, text: string, width: number): string[] {
  const indent = ' '.repeat(widthOf(label));
  return text
    .split('\n')
    .flatMap((line) => wrapped(line, width - indent.length))
    .map((line, i) => `${i === 0 ? label : indent}${line}`.trimEnd());
}

function wrapped(line: string, width: number): string[] {
  if (width === Number.POSITIVE_INFINITY) return [line];
  const [start] = lead.exec(line) ?? [''];
  const room = Math.max(minRoom, width - start.length);
  return wrapAnsi(line.slice(start.length), room, { hard: true, trim: true })
    .split('\n')
    .map((part, i) => `${i === 0 ? start : ' '.repeat(start.length)}${part}`);
}
