import type { Card } from '../card.ts';

/** The card as plain text: the text part of a mail, a terminal, a log. Outside texts begin no line with a control sequence. */
export function textOf(card: Card): string {
  const { over, heading, lead, tiles, first, lists, options, button, small, footer } = card;
  return [
    `${heading}\n${over}`,
    ...first.map((each) => `! ${each}`),
    ...lead,
    tiles.map(({ name, value }) => `${name}: ${value}`).join('\n'),
    ...lists.map(({ title, items }) => [`${title}:`, ...items.map((item) => `- ${item}`)].join('\n')),
    optionLines(options).join('\n'),
    ...(button ? [`${button.label}:\n${button.url}`] : []),
    small.join('\n'),
    footer,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Options with the numbers that people answer with. */
export const optionLines = (options: Card['options']): string[] =>
  options.map(
    ({ label, suggested, needs }, i) =>
      `${i + 1}. ${label}${needs ? ' (with your words)' : ''}${suggested ? ' (suggested)' : ''}`,
  );
