import { readBatch, readHostEvent } from '../../adapters/aws/queue.ts';
import { viewError } from '../../core/errors.ts';
import { createHooks } from '../../pipeline/webhooks/hooks.ts';
import { fargate, telling } from '../runtime/fargate.ts';
import { operatorPolicy } from '../runtime/operator-policy.ts';
import { withDeps } from '../runtime/step-handler.ts';
import { logger } from '../runtime/telemetry.ts';

/** Processes deliveries. Only those that may succeed later return to the queue. */
export const handler = withDeps(
  async (deps, event) => {
    const hooks = createHooks(deps, operatorPolicy);
    const batchItemFailures: { itemIdentifier: string }[] = [];
    for (const { messageId, body } of readBatch(event)) {
      try {
        const { outcome, reason } = await hooks.handle(readHostEvent(body));
        logger.info(outcome, { reason });
      } catch (error) {
        const { name, message } = viewError(error);
        logger.error(name, { detail: message });
        batchItemFailures.push({ itemIdentifier: messageId });
      }
    }
    return { batchItemFailures };
  },
  { launching: fargate, telling },
);
