import type { SentMessages } from '../../../adapters/aws/dynamo/sent-messages.ts';
import { awsError } from '../../../adapters/aws/errors.ts';
import { createSlackNotifier } from '../../../adapters/slack/incoming-webhook.ts';
import { backoffMs } from '../../../core/concurrency/backoff.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { Notifier } from '../../../core/ports/runtime/notifier.ts';
import { later } from '../once.ts';
import type { NotificationSettings } from './notification-settings.ts';

/** Attempts per message, one and two seconds apart; the SDK makes three requests in each of them. */
const maxAttempts = 3;
const firstWaitMs = 1_000;

export interface NotifierOptions {
  settings: NotificationSettings;
  sent: SentMessages;
  slackWebhook(): Promise<string>;
  sleep(ms: number): Promise<unknown>;
  /** Called with each notification that could not be sent, and the reason. */
  log(line: { unsent: string; name: string; message: string; remedy: string }): void;
}

/**
 * Mail and Slack, if the policy configures them. A failed notification does not stop a run, because its gates are also
 * shown on its pull request and its page. It is retried a few times and then logged, and does not affect other
 * notifications.
 */
export function composeNotifier({ settings, sent, slackWebhook, sleep, log }: NotifierOptions): Notifier {
  const { notify, people } = settings;
  const person = new Map(Object.entries(people));
  const channels: Notifier[] = [];
  if (notify.email) {
    const { from } = notify.email;
    channels.push(
      later(async () => {
        const [{ SESv2Client }, { createSesNotifier }] = await Promise.all([
          import('@aws-sdk/client-sesv2'),
          import('../../../adapters/email/ses.ts'),
        ]);
        return createSesNotifier(new SESv2Client({}), sent, {
          from,
          // An approver may be given as an address, which then is a person id of its own.
          addressOf: (id) => person.get(id)?.email ?? (id.includes('@') ? id : undefined),
        });
      }, {}),
    );
  }
  if (notify.slack) {
    channels.push(createSlackNotifier(sent, { webhookUrl: slackWebhook, memberOf: (id) => person.get(id)?.slack }));
  }
  const say = async (channel: Notifier, message: Parameters<Notifier['notify']>[0]): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await channel.notify(message);
      } catch (error) {
        const named = error instanceof DrydockError ? error : awsError(error);
        if (!named) throw error;
        if (named.retry === 'never' || attempt >= maxAttempts) {
          const { name, message: words, remedy } = named;
          return log({ unsent: message.key, name, message: words, remedy });
        }
        await sleep(backoffMs(attempt, { firstMs: firstWaitMs, minShare: 1 }, Math.random));
      }
    }
  };
  return {
    async notify(message) {
      await Promise.all(channels.map((channel) => say(channel, message)));
    },
  };
}
