import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Notifier } from '../../core/ports/runtime/notifier.ts';

/**
 * Puts what people are to be told about into the queue, whose worker gathers the facts and sends them: a step carries
 * none of what messages need, and does not wait for a mail service.
 * @param channels Whether the policy has ways to people; without them only gates are told, to the code host.
 */
export const createTeller = (client: SQSClient, url: string, channels: boolean): Notifier => ({
  async tell(subject) {
    if (!channels && subject.about !== 'gate') return;
    await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: JSON.stringify({ subject }) }));
  },
});
