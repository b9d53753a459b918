import { barFor, stripHidden } from '../prompt/fence.ts';

/** Text from outside as one line without hidden characters, for places that show plain text: titles, subjects. */
export const oneLine = (text: string): string => stripHidden(text).replace(/\s+/g, ' ').trim();

/**
 * Text from outside inside Markdown: no markup, no HTML, no mentions, no links, no hidden characters, one line. Hosts
 * look for mentions and issue numbers in the rendered text, where a backslash is gone; a zero-width space stays.
 */
export function escapeMarkdown(text: string): string {
  return oneLine(text)
    .replace(/[\\`*_{}[\]()<>#+!|~&]/g, (c) => `\\${c}`)
    .replace(/@(?=\w)/g, '@\u200b')
    .replace(/(#|GH-)(?=\d)/gi, '$1\u200b')
    .replace(/:(?=\/\/)/g, '\\:')
    .replace(/\b(mailto|xmpp):/gi, '$1\\:')
    .replace(/www\./gi, (www) => `${www.slice(0, 3)}\\.`)
    .replace(/^[-=]/, '\\$&')
    .replace(/^(\d+)([.)]|\\\))/, (_, digits: string, mark: string) => `${digits}\\${mark.at(-1)}`);
}

/** A code span that its content cannot end. */
export function code(text: string): string {
  const clean = oneLine(text);
  if (clean === '') return '(empty)';
  const bar = barFor(clean, 1);
  return bar.length === 1 ? `${bar}${clean}${bar}` : `${bar} ${clean} ${bar}`;
}

/** The same inside a table, where a bar would end the cell also in a code span. */
export const cellCode = (text: string): string => (text.includes('|') ? escapeMarkdown(text) : code(text));
