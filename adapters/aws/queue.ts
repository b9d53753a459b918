import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import type { HostEvent } from '../../core/ports/host/host-event.ts';

const message = z.object({ event: z.looseObject({ kind: z.string() }) });

/** Puts what a message of the host says into the queue: without the host's own words for it, it is small. */
export async function sendHostEvent(client: SQSClient, url: string, event: HostEvent): Promise<void> {
  await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: JSON.stringify({ event }) }));
}

/** What the queue hands over. Only `sendHostEvent` may write to it, so that the shape is known. */
export const readHostEvent = (body: string): HostEvent => message.parse(JSON.parse(body)).event as unknown as HostEvent;
