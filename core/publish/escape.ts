import { barFor } from '../prompt/fence.ts';
import { visible } from '../text/hidden.ts';

/** Untrusted text as one line, hidden characters made visible, where plain text is shown: titles, subjects. */
export const oneLine = (text: string): string => visible(text.replace(/\r\n?/g, '\n')).replace(/\s+/g, ' ').trim();

/**
 * A text without the marks by which CI systems skip a commit: `[skip ci]`, `[ci skip]`, `[no ci]`, `[skip actions]`,
 * `***NO_CI***` and others.
 */
export const unskipped = (text: string): string =>
  text
    .replace(/\[(?=[^\]]{0,60}\b(?:skip|no|ci|pass)\b)([^\]]{0,60})\]/gi, '($1)')
    .replace(/\*{2,}/g, '*')
    .replace(/\bskip-checks(?=\s{0,9}:)/gi, 'skip checks');

/**
 * A text from an agent for a commit message, in which hosts and bots look for orders: it skips no CI, closes no issue,
 * names nobody and commands no bot.
 */
export const inert = (text: string): string =>
  unskipped(oneLine(text))
    .replace(/@(?=[\w-])/g, '@ ')
    .replace(/(#|\bGH-|!)(?=\d)/gi, '$1 ')
    .replace(/:\/\//g, ': //');

/**
 * Escapes untrusted text for Markdown: one line without markup, HTML, mentions, or links, with hidden characters made visible. A
 * zero-width space breaks mentions and issue numbers, because hosts look for them in the rendered text, which has lost
 * its backslashes.
 */
export function escapeMarkdown(text: string): string {
  return oneLine(text)
    .replace(/[\\`*_{}[\]()<>#+!|~&]/g, (c) => `\\${c}`)
    .replace(/@(?=\w)/g, '@\u200b')
    .replace(/(#|GH-)(?=\d)/gi, '$1\u200b')
    .replace(/:(?=\/\/)/g, '\\:')
    .replace(/\b(mailto|xmpp):/gi, '$1\\:')
    .replace(/www\./gi, (www) => `${www.slice(0, 3)}\\.`)
    .replace(/^[-=/]/, '\\$&')
    .replace(/^(\d+)([.)]|\\\))/, (_, digits: string, mark: string) => `${digits}\\${mark.at(-1)}`);
}

/** A code span that its content cannot end. */
export function code(text: string): string {
  const clean = oneLine(text);
  if (clean === '') return '(empty)';
  const bar = barFor(clean, 1);
  return bar.length === 1 ? `${bar}${clean}${bar}` : `${bar} ${clean} ${bar}`;
}

const maxName = 160;

/** The name of a file, or another one that has no limit, in one line; a long one by its end, which says more. */
export function shortName(name: string): string {
  const line = oneLine(name);
  return line.length <= maxName ? line : `…${line.slice(-maxName).replace(/^[\uDC00-\uDFFF]/, '')}`;
}

/**
 * A code span for a table cell. A text with a bar is escaped instead, because a bar ends the cell in a code span too.
 */
export const cellCode = (text: string): string => (text.includes('|') ? escapeMarkdown(text) : code(text));
