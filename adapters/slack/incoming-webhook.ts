import { DrydockError } from '../../core/errors.ts';
import { cardOf } from '../../core/notification/card.ts';
import { everybody } from '../../core/notification/recipients.ts';
import { slackMessage } from '../../core/notification/render/slack.ts';
import type { Channel } from '../../core/ports/runtime/notifier.ts';

const timeoutMs = 10_000;

interface SlackConfig {
  /** URL of the incoming webhook. It is a secret: anyone who has it can write to the channel. */
  webhookUrl(): Promise<string>;
  /** Slack member id of a person id (`U012ABC`); `undefined` if the person has none. */
  memberOf(person: string): string | undefined;
  fetch?: typeof fetch;
}

/**
 * Messages in a Slack channel that mention the people who are asked. Text from others is shown literally: it mentions
 * nobody, contains no links and has no formatting.
 */
export function createSlackChannel(config: SlackConfig): Channel {
  return {
    name: 'slack',
    recipients: everybody,
    async send(notice) {
      const members = [...new Set(notice.to.flatMap((person) => config.memberOf(person) ?? []))];
      const message = {
        ...slackMessage(cardOf(notice), members),
        ...{ parse: 'none', link_names: false, unfurl_links: false, unfurl_media: false },
      };
      await post(await config.webhookUrl(), message, config);
    },
  };
}

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
    throw new DrydockError('Conflict', 'Slack did not answer; the message is tried again.');
  }
  if (status >= 200 && status < 300) return;
  if (status === 429 || status >= 500)
    throw new DrydockError('Conflict', `Slack answered ${status}; the message is tried again.`);
  throw new DrydockError('ServiceRefused', `Slack refused the message with ${status}.`, {
    remedy: 'Create an incoming webhook for an existing channel, and store its URL in the Slack secret.',
  });
}
