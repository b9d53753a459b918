import { setTimeout as delay } from 'node:timers/promises';
import { createSmtpChannel } from '../../adapters/email/smtp.ts';
import { credentialOf } from '../../adapters/local/secret-variable.ts';
import { createSlackChannel } from '../../adapters/slack/incoming-webhook.ts';
import { createWebhookChannel } from '../../adapters/webhook/outgoing.ts';
import { addressesOf } from '../../core/notification/recipients.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { Channel, Messages } from '../../core/ports/runtime/notifier.ts';
import type { Gates } from '../../core/ports/store/gates.ts';
import type { Outbox } from '../../core/ports/store/outbox.ts';
import { createSender } from '../../pipeline/notices/sender.ts';

/** Milliseconds between two looks for messages that are due, besides one after each new message. */
const lookMs = 5_000;

interface MessageOptions {
  /** Without it, messages are stored and shown on the pages, and not sent. */
  policy: Policy | undefined;
  outbox: Outbox;
  gates: Gates;
  now(): number;
  /** A process that only reads sends nothing. */
  passive: boolean;
  say(line: string): void;
}

/** Mail, Slack and the webhook on one machine, as far as the policy configures them. Secrets are read when they are needed. */
function localChannels({ people, notify }: Policy, now: () => number): Channel[] {
  const { addressOf, memberOf } = addressesOf(people);
  const { email, slack, webhook } = notify;
  const channels: Channel[] = [];
  if (email?.smtp) {
    const { from, smtp } = email;
    const password = () => credentialOf(smtp.password_env);
    channels.push(createSmtpChannel({ from, server: smtp, addressOf, password }));
  }
  if (slack) channels.push(createSlackChannel({ webhookUrl: () => credentialOf(slack.webhook_env), memberOf }));
  if (webhook) {
    const secret = () => credentialOf(webhook.secret_env);
    channels.push(createWebhookChannel({ ...webhook, now, loopback: true, secret }));
  }
  return channels;
}

/** Stores messages, and sends them in the background: no step waits for a mail server. */
export function composeMessages({ policy, outbox, gates, now, passive, say }: MessageOptions) {
  const channels = policy ? localChannels(policy, now) : [];
  const sender = createSender({
    outbox,
    channels,
    clock: { now, sleep: (ms) => delay(ms) },
    quietOf: addressesOf(policy?.people ?? {}).quietOf,
    urgent: policy?.notify.urgent ?? [],
    isDecided: async (gateId) => (await gates.get(gateId))?.status === 'decided',
    log: ({ channel, name, message, remedy }) =>
      say(`a message by ${channel} was not sent: ${name}: ${message} ${remedy}`),
  });
  const worker =
    passive || channels.length === 0 ? undefined : followDue(sender.sendDue, () => say('messages cannot be read'));
  const messages: Messages = {
    known: sender.known,
    async notify(notice) {
      await sender.notify(notice);
      worker?.look();
    },
  };
  return { messages, channels, close: async () => worker?.close() };
}

/** Looks for messages that are due until it is closed: after each new one, and every few seconds. */
function followDue(sendDue: () => Promise<number>, fault: (error: unknown) => void) {
  let closed = false;
  let wake = Promise.withResolvers<void>();
  const working = (async () => {
    while (!closed) {
      const timer = new AbortController();
      await Promise.race([
        wake.promise,
        delay(lookMs, undefined, { ref: false, signal: timer.signal }).catch(() => undefined),
      ]);
      timer.abort();
      wake = Promise.withResolvers();
      await sendDue().catch(fault);
    }
  })();
  return {
    look: (): void => wake.resolve(),
    /** Sends what is due now, once more; the next process goes on with the rest. */
    async close(): Promise<void> {
      closed = true;
      wake.resolve();
      await working;
    },
  };
}
