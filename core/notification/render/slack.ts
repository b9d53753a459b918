import type { Card } from '../card.ts';
import { cut } from '../notice.ts';
import { optionLines } from './text.ts';

/** Limits of a section's text and of a header. https://docs.slack.dev/reference/block-kit/blocks/ */
const maxSection = 3_000;
const maxHeader = 150;
const maxFields = 10;
const maxField = 2_000;
const maxButton = 75;
const maxUrl = 3_000;

export interface SlackMessage {
  /** Text of push notifications and screen readers. */
  text: string;
  blocks: SlackBlock[];
}
type PlainText = { type: 'plain_text'; text: string; emoji: false };
type SlackBlock =
  | { type: 'header'; text: PlainText }
  | { type: 'section'; text: PlainText | { type: 'mrkdwn'; text: string; verbatim: true } }
  | { type: 'section'; fields: PlainText[] }
  | { type: 'context'; elements: PlainText[] }
  | { type: 'actions'; elements: object[] };

/**
 * The card as blocks. Texts from outside are in plain-text objects, and escaped as well; only Drydock's own blocks
 * mention people. The button opens the page. An app that takes votes puts its own actions in the place of the last block.
 * @param members Slack member ids to mention.
 */
export function slackMessage(card: Card, members: readonly string[]): SlackMessage {
  const { over, heading, lead, tiles, first, lists, options, button, small } = card;
  const mentions = members.map((member) => `<@${member}>`).join(' ');
  const body = [
    ...first.map((each) => `! ${each}`),
    ...lead,
    ...lists.map(({ title, items }) => [`${title}:`, ...items.map((item) => `• ${item}`)].join('\n')),
    optionLines(options).join('\n'),
  ].filter((part) => part !== '');
  const fields = tiles.slice(0, maxFields).map(({ name, value }) => plain(`${name}\n${value}`, maxField));
  const blocks: SlackBlock[] = [{ type: 'header', text: plain(heading, maxHeader) }];
  if (mentions !== '') blocks.push({ type: 'section', text: { type: 'mrkdwn', text: mentions, verbatim: true } });
  blocks.push({ type: 'context', elements: [plain(over, maxField)] });
  for (const part of body) blocks.push({ type: 'section', text: plain(part, maxSection) });
  if (fields.length > 0) blocks.push({ type: 'section', fields });
  if (small.length > 0) blocks.push({ type: 'context', elements: [plain(small.join('\n'), maxField)] });
  if (button && button.url.length <= maxUrl) blocks.push({ type: 'actions', elements: [linkButton(button)] });
  return { text: plain(card.subject, maxSection).text, blocks };
}

const linkButton = ({ label, url }: NonNullable<Card['button']>): object => ({
  type: 'button',
  action_id: 'open',
  style: 'primary',
  text: plain(label, maxButton),
  url,
});

/** Escaping lengthens a text, and Slack refuses a message with a text that is too long. */
function plain(text: string, max: number): PlainText {
  for (let limit = max; ; limit = Math.floor(limit / 2)) {
    const escaped = escapeSlack(cut(text, limit));
    if (escaped.length <= max) return { type: 'plain_text', text: escaped || ' ', emoji: false };
  }
}

/**
 * Escapes Slack's three control characters: without them a text cannot mention (`<!channel>`, `<@U…>`) or link.
 * https://docs.slack.dev/messaging/formatting-message-text/#escaping
 */
const escapeSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
