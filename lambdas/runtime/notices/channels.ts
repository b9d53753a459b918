import { createSlackChannel } from '../../../adapters/slack/incoming-webhook.ts';
import { addressesOf, everybody, withAddress } from '../../../core/notification/recipients.ts';
import type { Channel } from '../../../core/ports/runtime/notifier.ts';
import { onceLoaded } from '../once.ts';
import type { NotificationSettings } from './notification-settings.ts';

export interface ChannelSecrets {
  slackWebhook(): Promise<string>;
  webhookSecret(name: string): Promise<string>;
}

/** Mail, Slack and the webhook, as far as the policy configures them. What they need is loaded when something is sent. */
export function channelsOf({
  settings,
  secrets,
  now,
}: {
  settings: NotificationSettings;
  secrets: ChannelSecrets;
  now(): number;
}): Channel[] {
  const { notify, people } = settings;
  const { addressOf, memberOf } = addressesOf(people);
  const channels: Channel[] = [];
  if (notify.email) {
    const { from } = notify.email;
    channels.push(
      loaded(
        'mail',
        (notice) => withAddress(notice, addressOf),
        async () => {
          const [{ SESv2Client }, { createSesChannel }] = await Promise.all([
            import('@aws-sdk/client-sesv2'),
            import('../../../adapters/email/ses.ts'),
          ]);
          return createSesChannel(new SESv2Client({}), { from, addressOf });
        },
      ),
    );
  }
  if (notify.slack) channels.push(createSlackChannel({ webhookUrl: secrets.slackWebhook, memberOf }));
  const target = notify.webhook;
  if (target) {
    channels.push(
      loaded('webhook', everybody, async () => {
        const { createWebhookChannel } = await import('../../../adapters/webhook/outgoing.ts');
        // In a function, the loopback address has an API that answers for the role.
        return createWebhookChannel({
          ...target,
          now,
          loopback: false,
          secret: () => secrets.webhookSecret(target.secret_env),
        });
      }),
    );
  }
  return channels;
}

/** A channel whose code is loaded when it first sends. */
function loaded(name: Channel['name'], recipients: Channel['recipients'], load: () => Promise<Channel>): Channel {
  const channel = onceLoaded(load);
  return { name, recipients, send: async (...sent) => (await channel()).send(...sent) };
}
