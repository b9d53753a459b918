import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, it } from 'vitest';
import { awsError } from '../../../adapters/aws/errors.ts';
import { readMessage, sendHostEvent } from '../../../adapters/aws/queue.ts';
import type { HostEvent } from '../../../core/ports/host/host-event.ts';
import { awsForTests, sdkTries, thrownBy } from '../../machine/contract/aws-fixture.ts';
import { on } from '../../support/aws/faults.ts';
import { queues } from '../../support/aws/queues.ts';

let queue: ReturnType<typeof queues>;
const aws = awsForTests((url) => {
  queue = queues(() => `${url()}/123456789012/webhooks`);
  return queue.operations;
});
const url = (): string => `${aws().url}/123456789012/webhooks`;
beforeEach(() => void queue.messages.splice(0));

const sender = { login: 'dev-gh', bot: false };
const push: HostEvent = { kind: 'push', repository: 'acme/calc', sender, branch: 'main', after: 'a'.repeat(40) };

describe('the queue of webhooks', () => {
  it('hands over what a message of the host said, until it is deleted', async () => {
    const client = new SQSClient({});
    await sendHostEvent(client, url(), push);
    const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl: url() }));
    const [message] = Messages ?? [];
    expect(readMessage(message?.Body ?? '')).toEqual({ event: push });
    await client.send(new DeleteMessageCommand({ QueueUrl: url(), ReceiptHandle: message?.ReceiptHandle }));
    expect(queue.messages).toEqual([]);
  });

  it('holds the same message twice where an answer was lost', async () => {
    aws().faults.push({ match: on('sqs:SendMessage'), do: 'lost' });
    await sendHostEvent(new SQSClient({}), url(), push);
    expect(queue.messages.map(({ Body }) => readMessage(Body))).toEqual([{ event: push }, { event: push }]);
  });

  it('reads a message that an earlier version queued with an id', () => {
    expect(readMessage(JSON.stringify({ id: 'x', event: push }))).toEqual({ event: push });
  });

  it('is not told as full of what it did not take', async () => {
    aws().faults.push({ match: on('sqs:SendMessage'), times: sdkTries, do: 'broken' });
    expect(awsError(await thrownBy(sendHostEvent(new SQSClient({}), url(), push)))).toMatchObject({
      name: 'Conflict',
    });
    expect(queue.messages).toEqual([]);
  });

  it.each([
    '',
    'no',
    '{}',
    '{"id":"x"}',
    '{"id":"x","event":{}}',
    JSON.stringify({ event: { ...push, sender: 'dev-gh' } }),
    JSON.stringify({ event: { ...push, kind: 'tag' } }),
    JSON.stringify({ subject: { about: 'gate', runId: 'r-1' } }),
    JSON.stringify({ subject: { about: 'ended', runId: 'r-1', to: ['x@example.com'] } }),
  ])('refuses %o, which nobody of ours sent', (body) => {
    expect(() => readMessage(body)).toThrow();
  });
});
