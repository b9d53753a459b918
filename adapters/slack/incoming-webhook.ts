import { DrydockError } from '../../core/errors.ts';
import { bodyOf, linkGrantsNothing, type Notice, subjectOf } from '../../core/notification/message.ts';
import type { Notifier } from '../../core/ports/runtime/notifier.ts';
import type { SentMessages } from '../aws/dynamo/sent-messages.ts';

/** Limit for the text of a block. https://docs.slack.dev/reference/block-kit/blocks/section-block/ */
const maxBlock = 3_000;
const timeoutMs = 10_000;

interface SlackConfig {
  /** URL of the incoming webhook. It is a secret: anyone who has it can write to the channel. */
  webhookUrl(): Promise<string>;
  /** Slack member id of a person id (`U012ABC`); `undefined` if the person has none. */
  memberOf(person: string): string | undefined;
  fetch?: typeof fetch;
}

/**
 * Sends notifications to a Slack channel and mentions the people who are asked. Text from others is shown literally: it
 * mentions nobody, contains no links and has no formatting.
 */
export function createSlackNotifier(sent: SentMessages, config: SlackConfig): Notifier {
  return {
    notify: (message) =>
      sent.once(`slack#${message.key}`, async () =>
        post(await config.webhookUrl(), messageOf(message, config), config),
      ),
  };
}

/** Untrusted text is in plain-text blocks and escaped as well; only Drydock's own blocks can mention or link. */
function messageOf(message: Notice & { to: string[] }, { memberOf }: SlackConfig) {
  const subject = escapeSlack(subjectOf(message)) || 'Drydock';
  const members = [...new Set(message.to.flatMap((person) => memberOf(person) ?? []))];
  const ownTexts = [
    members.map((member) => `<@${member}>`).join(' '),
    message.link === undefined ? '' : `<${escapeSlack(message.link)}>\n${linkGrantsNothing}`,
  ].filter((part) => part !== '');
  return {
    // The text of push notifications.
    text: subject,
    blocks: [subject, escapedBody(message)]
      .filter((text) => text !== '')
      .map((text) => ({ type: 'section', text: { type: 'plain_text', text, emoji: false } }) as object)
      .concat(ownTexts.map((text) => ({ type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }))),
    parse: 'none',
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
  };
}

/** Escaping lengthens a text, and Slack rejects a message with a block that is too long. */
function escapedBody(message: Notice): string {
  for (let limit = maxBlock; ; limit = Math.floor(limit / 2)) {
    const text = escapeSlack(bodyOf(message, limit));
    if (text.length <= maxBlock) return text;
  }
}

/**
 * Escapes Slack's three control characters: without them a text cannot mention (`<!channel>`, `<@U…>`) or link.
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
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.body?.cancel();
    ({ status } = answer);
  } catch {
    // The error is no `cause`: its message may contain the URL.
    throw new DrydockError('Conflict', 'Slack did not answer; the step is retried.');
  }
  if (status >= 200 && status < 300) return;
  if (status === 429 || status >= 500)
    throw new DrydockError('Conflict', `Slack answered ${status}; the step is retried.`);
  throw new DrydockError('ServiceRefused', `Slack refused the message with ${status}.`, {
    remedy: 'Create an incoming webhook for an existing channel, and store its URL in the Slack secret.',
  });
}
