import { barFor } from '../../prompt/fence.ts';
import { code, escapeMarkdown } from '../../publish/escape.ts';
import { visible } from '../../text/hidden.ts';
import type { Card } from '../card.ts';

/** UTF-16 code units of the text under vote in a comment; the pages have the whole. */
const maxWhole = 20_000;

/**
 * The card as a comment of a code host. Bots read the raw text of comments, and orders at the start of its lines: texts
 * from outside stand in a fence behind a bar, or within a line of Drydock's.
 * @param answers Comments that decide, for example `/drydock approve`.
 * @param whole The whole text under vote, folded, for those who have no pages.
 */
export function githubComment(card: Card, answers: readonly string[], whole = ''): string {
  const { over, heading, lead, tiles, first, lists, options, button, small } = card;
  const quoted = [
    ...first,
    ...lead,
    ...lists.map(({ title, items }) => [`${title}:`, ...items.map((item) => `- ${item}`)].join('\n')),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
  return [
    `**${escapeMarkdown(heading)}** · ${escapeMarkdown(over)}`,
    ...(quoted === '' ? [] : [fenced(quoted)]),
    ...(options.length === 0 ? [] : [options.map(optionLine).join('\n')]),
    ...(whole.trim() === '' ? [] : [`<details><summary>The whole text</summary>\n\n${fenced(whole)}\n\n</details>`]),
    ...(tiles.length === 0
      ? []
      : [tiles.map(({ name, value }) => `${escapeMarkdown(name)}: **${escapeMarkdown(value)}**`).join(' · ')]),
    ...(answers.length === 0 ? [] : [`Answer with one of: ${answers.map(code).join(', ')}${page(button)}.`]),
    ...(answers.length === 0 && button ? [`[${escapeMarkdown(button.label)}](${mdUrl(button.url)})`] : []),
    small.map((each) => escapeMarkdown(each)).join('<br>'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const page = (button: Card['button']): string => (button ? `, or [in the pages](${mdUrl(button.url)})` : '');

/** A URL that its own characters cannot end. */
const mdUrl = (url: string): string =>
  url.replace(/[()<>\s\\|]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);

/** An option with the number that answers with it. */
const optionLine = ({ label, suggested, needs }: Card['options'][number], i: number): string =>
  `${i + 1}. ${escapeMarkdown(label)}${suggested ? ' (suggested)' : ''}${needs === 'text' ? `, with your words: ${code(`/drydock answer ${i + 1}: TEXT`)}` : ''}`;

/** A text from outside in a fence, each line behind a bar, cut where it is too long. */
export function fenced(text: string): string {
  const lines = visible(text)
    .slice(0, maxWhole)
    .trim()
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/^/gm, '│ ');
  const bar = barFor(lines, 3);
  return `${bar}text\n${lines}\n${bar}`;
}
