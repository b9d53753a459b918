import { createSentMessages } from '../../../adapters/aws/dynamo/sent-messages.ts';
import { variable } from '../../../common/deployment.ts';
import { once } from '../once.ts';
import { secrets } from '../secrets.ts';
import { clock, dynamo } from '../stores.ts';
import { logger } from '../telemetry.ts';
import { readNotificationSettings } from './notification-settings.ts';
import { composeNotifier } from './notifier.ts';

/** Sends what people are told, for functions that tell them something. */
export const notifying = once(() =>
  composeNotifier({
    settings: readNotificationSettings(),
    sent: createSentMessages(dynamo(), variable('gates'), clock),
    slackWebhook: () => secrets().slackWebhook(variable('slack')),
    sleep: clock.sleep,
    log: (line) => logger.warn('unsent', line),
  }),
);
