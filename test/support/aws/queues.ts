/** SQS's part of the stand-in: a queue whose messages come back until they are deleted. */
import { createHash, randomUUID } from 'node:crypto';
import { AwsRefusal, type JsonOperation } from './call.ts';

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html, the smaller of two */
const maxBytes = 262_144;
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

interface Message {
  MessageId: string;
  Body: string;
  ReceiptHandle?: string;
  taken: number;
}

/** @param url The one queue there is. */
export function queues(url: () => string, sent?: (body: string) => void) {
  const messages: Message[] = [];
  const known = (input: Record<string, unknown>): void => {
    if (input.QueueUrl !== url()) throw new AwsRefusal('QueueDoesNotExist', 'The specified queue does not exist.');
  };
  const operations: Record<string, JsonOperation> = {
    'sqs:SendMessage'(input) {
      known(input);
      const Body = String(input.MessageBody);
      if (Buffer.byteLength(Body) > maxBytes) throw new AwsRefusal('InvalidParameterValue', 'too long');
      const MessageId = randomUUID();
      messages.push({ MessageId, Body, taken: 0 });
      sent?.(Body);
      return { MessageId, MD5OfMessageBody: md5(Body) };
    },
    'sqs:ReceiveMessage'(input) {
      known(input);
      const free = messages.filter(({ ReceiptHandle }) => ReceiptHandle === undefined);
      return {
        Messages: free.slice(0, Number(input.MaxNumberOfMessages ?? 1)).map((message) => {
          message.ReceiptHandle = randomUUID();
          message.taken++;
          const { MessageId, Body, ReceiptHandle, taken } = message;
          const Attributes = { ApproximateReceiveCount: String(taken) };
          return { MessageId, Body, ReceiptHandle, MD5OfBody: md5(Body), Attributes };
        }),
      };
    },
    'sqs:DeleteMessage'(input) {
      known(input);
      const at = messages.findIndex(({ ReceiptHandle }) => ReceiptHandle === input.ReceiptHandle);
      if (at >= 0) messages.splice(at, 1);
    },
    'sqs:ChangeMessageVisibility'(input) {
      known(input);
      const found = messages.find(({ ReceiptHandle }) => ReceiptHandle === input.ReceiptHandle);
      if (found && input.VisibilityTimeout === 0) delete found.ReceiptHandle;
    },
  };
  return { operations, messages };
}
