import { SQSClient } from '@aws-sdk/client-sqs';
import { handle, type LambdaEvent } from 'hono/aws-lambda';
import { sendHostEvent } from '../../adapters/aws/queue.ts';
import { createWebhook } from '../../adapters/github/webhook/receiver.ts';
import { variable, webhookPath } from '../../common/deployment.ts';
import { viewError } from '../../core/errors.ts';
import { asHandler } from '../runtime/handler.ts';
import { secrets } from '../runtime/secrets.ts';
import { logger } from '../runtime/telemetry.ts';

/** API Gateway's limit for a payload. */
const maxBytes = 6 * 1024 * 1024;
const client = new SQSClient({});
let valid: string[] = [];

const app = createWebhook({
  secrets: () => valid,
  path: webhookPath,
  maxBytes,
  inbox: {
    async put({ event }) {
      await sendHostEvent(client, variable('queue'), event);
      return true;
    },
  },
  onDropped: ({ event, outcome, reason }) => logger.info(outcome, { event, reason }),
  onFault: (error) => logger.error(viewError(error).name, { detail: viewError(error).message }),
});
const answer = handle(app);

/**
 * Receives webhooks: verifies, queues and answers them. A signature that does not match may be made with a secret that
 * GitHub got a moment ago, so before a refusal it is verified again with the newest secrets.
 */
export const handler = asHandler(async (given) => {
  const event = given as LambdaEvent;
  const before = await secrets().webhookSecrets(variable('github'), false);
  valid = before;
  const first = await answer(event);
  if (first.statusCode !== 401) return first;
  valid = await secrets().webhookSecrets(variable('github'), true);
  return valid.join() === before.join() ? first : answer(event);
});
