import { readBatch, readMessage } from '../../adapters/aws/queue.ts';
import { viewError } from '../../core/errors.ts';
import { announce } from '../../pipeline/notices/announce.ts';
import { createHooks } from '../../pipeline/webhooks/hooks.ts';
import { messages } from '../runtime/notices/messages.ts';
import { operatorPolicy } from '../runtime/operator-policy.ts';
import { stopping, telling } from '../runtime/running-phases.ts';
import { withDeps } from '../runtime/step-handler.ts';
import { logger } from '../runtime/telemetry.ts';

/** Processes deliveries of the code host, and tells people what the steps ask for. Only those that may succeed later return to the queue. */
export const handler = withDeps(
  async (deps, event) => {
    const hooks = createHooks(deps, operatorPolicy);
    const batchItemFailures: { itemIdentifier: string }[] = [];
    for (const { messageId, body } of readBatch(event)) {
      try {
        const message = readMessage(body);
        if ('subject' in message) {
          await announce(deps, messages(), message.subject);
          logger.info('told', { about: message.subject.about });
          continue;
        }
        const { outcome, reason } = await hooks.handle(message.event);
        logger.info(outcome, { reason });
      } catch (error) {
        const { name, message } = viewError(error);
        logger.error(name, { detail: message });
        batchItemFailures.push({ itemIdentifier: messageId });
      }
    }
    return { batchItemFailures };
  },
  { stopping, telling },
);
