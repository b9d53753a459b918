import { barFor } from '../prompt/fence.ts';
import { visible } from '../text/hidden.ts';

/** Untrusted text as one line, hidden characters made visible, where plain text is shown: titles, subjects. */
export const oneLine = (text: string): string => visible(text.replace(/\r\n?/g, '\n')).replace(/\s+/g, ' ').trim();

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

/**
 * A code span for a table cell. A text with a bar is escaped instead, because a bar ends the cell in a code span too.
 */
export const cellCode = (text: string): string => (text.includes('|') ? escapeMarkdown(text) : code(text));
