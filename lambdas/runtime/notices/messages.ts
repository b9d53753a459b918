import { createGates } from '../../../adapters/aws/dynamo/gates.ts';
import { createOutbox } from '../../../adapters/aws/dynamo/outbox.ts';
import { variable } from '../../../common/deployment.ts';
import { addressesOf } from '../../../core/notification/recipients.ts';
import type { Messages } from '../../../core/ports/runtime/notifier.ts';
import { createSender, type Sender } from '../../../pipeline/notices/sender.ts';
import { named, once } from '../once.ts';
import { secrets } from '../secrets.ts';
import { clock, dynamo } from '../stores.ts';
import { logger } from '../telemetry.ts';
import { channelsOf } from './channels.ts';
import { readNotificationSettings } from './notification-settings.ts';

/** How long a function tries to send a notice. */
const patienceMs = 4_000;

/** Sends what people are told. */
export const noticeSender = once((): Sender => {
  const settings = readNotificationSettings();
  const gates = named(() => createGates(dynamo(), variable('gates')));
  return createSender({
    outbox: named(() => createOutbox(dynamo(), variable('gates')))(),
    channels: channelsOf({
      settings,
      secrets: {
        slackWebhook: () => secrets().slackWebhook(variable('slack')),
        webhookSecret: (name) => secrets().messageSecret(variable('slack'), name),
      },
      now: clock.now,
    }),
    clock,
    quietOf: addressesOf(settings.people).quietOf,
    urgent: settings.notify.urgent,
    // No page of a deployment shows it.
    keepsAll: false,
    isDecided: async (gateId) => (await gates().get(gateId))?.status === 'decided',
    log: (line) => logger.warn('unsent', line),
  });
});

/** Stores a notice and sends it before the function ends if it can be; the reconciler goes on with the rest. */
export const messages = once((): Messages => {
  const sender = noticeSender();
  return {
    known: sender.known,
    async notify(notice) {
      await sender.notify(notice);
      await sender.flush(notice.key, patienceMs);
    },
  };
});
