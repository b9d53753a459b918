import { DrydockError } from '../../core/errors.ts';
import { bodyOf, linkGrantsNothing, type Notice, subjectOf } from '../../core/notification/message.ts';
import type { Notifier } from '../../core/ports/runtime/notifier.ts';
import type { SentMessages } from '../aws/dynamo/sent-messages.ts';

/** What a block holds. https://docs.slack.dev/reference/block-kit/blocks/section-block/ */
const blockCharacters = 3_000;
const answerMs = 10_000;

interface SlackConfig {
  /** Address of the incoming webhook. It is a secret: whoever has it can write to the channel. */
  webhookUrl(): Promise<string>;
  /** Slack's id of a person id (`U012ABC`); undefined for one without. */
  memberOf(person: string): string | undefined;
  fetch?: typeof fetch;
}

/**
 * Tells people in a Slack channel, calling those who are asked by name. What others wrote shows as it is: it calls nobody,
 * is no link, and formats nothing.
 */
export function createSlackNotifier(sent: SentMessages, config: SlackConfig): Notifier {
  return {
    notify: (message) =>
      sent.once(`slack#${message.key}`, async () =>
        post(await config.webhookUrl(), messageOf(message, config), config),
      ),
  };
}

/** Outside text is in blocks of plain text, and escaped besides; only what is ours may call somebody or link. */
function messageOf(message: Notice & { to: string[] }, { memberOf }: SlackConfig) {
  const subject = escapeSlack(subjectOf(message)) || 'Drydock';
  const members = [...new Set(message.to.flatMap((person) => memberOf(person) ?? []))];
  const ours = [
    members.map((member) => `<@${member}>`).join(' '),
    message.link === undefined ? '' : `<${escapeSlack(message.link)}>\n${linkGrantsNothing}`,
  ].filter((part) => part !== '');
  return {
    // What a notification shows of it.
    text: subject,
    blocks: [subject, escapedBody(message)]
      .filter((text) => text !== '')
      .map((text) => ({ type: 'section', text: { type: 'plain_text', text, emoji: false } }) as object)
      .concat(ours.map((text) => ({ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }))),
    parse: 'none',
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
  };
}

/** An escaped text is longer, and one that is too long would be refused as a whole. */
function escapedBody(message: Notice): string {
  for (let most = blockCharacters; ; most = Math.floor(most / 2)) {
    const text = escapeSlack(bodyOf(message, most));
    if (text.length <= blockCharacters) return text;
  }
}

/**
 * Slack's own three characters: without them nothing calls (`<!channel>`, `<@U…>`) or links.
 * https://docs.slack.dev/messaging/formatting-message-text/#escaping
 */
const escapeSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

async function post(url: string, message: object, { fetch: send = fetch }: SlackConfig): Promise<void> {
  let status: number;
  try {
    const answer = await send(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(message),
      redirect: 'error',
      signal: AbortSignal.timeout(answerMs),
    });
    await answer.body?.cancel();
    ({ status } = answer);
  } catch {
    // Its message may name the address.
    throw new DrydockError('Conflict', 'Slack did not answer; it is tried again.');
  }
  if (status >= 200 && status < 300) return;
  if (status === 429 || status >= 500)
    throw new DrydockError('Conflict', `Slack answered ${status}; it is tried again.`);
  throw new DrydockError('ServiceRefused', `Slack refused the message with ${status}.`, {
    remedy: 'Make a new incoming webhook for a channel that is there, and put its address into the Slack secret.',
  });
}
