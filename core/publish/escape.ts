import { stripHidden } from '../prompt/fence.ts';

/** Text from outside inside Markdown: no markup, no mentions, no HTML, no hidden characters, one line. */
export function escapeMarkdown(text: string): string {
  return stripHidden(text)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*_{}[\]()<>#+!|~]/g, (c) => `\\${c}`)
    .replace(/@(?=\w)/g, '@\u200b')
    .replace(/^([-=]|\d+[.)])/, '\\$1');
}

/** A code span that its content cannot end. */
export function code(text: string): string {
  const clean = stripHidden(text).replace(/\s+/g, ' ').trim();
  const longest = Math.max(0, ...[...clean.matchAll(/`+/g)].map((match) => match[0].length));
  const bar = '`'.repeat(longest + 1);
  return longest === 0 ? `${bar}${clean}${bar}` : `${bar} ${clean} ${bar}`;
}
