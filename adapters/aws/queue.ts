import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { type HostEvent, hostEventSchema } from '../../core/ports/host/host-event.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html */
const batch = z.object({ Records: z.array(z.object({ messageId: z.string(), body: z.string() })) });
const message = z.object({ event: hostEventSchema });

/** Puts an event into the queue. The event is small, because it excludes the host's payload. */
export async function sendHostEvent(client: SQSClient, url: string, event: HostEvent): Promise<void> {
  await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: JSON.stringify({ event }) }));
}

/** The messages that Lambda hands over. @throws ZodError for any other event. */
export const readBatch = (event: unknown): { messageId: string; body: string }[] => batch.parse(event).Records;

/**
 * The event of a message from the queue. @throws ZodError for an invalid message, which SQS moves to the dead letters.
 */
export const readHostEvent = (body: string): HostEvent => message.parse(JSON.parse(body)).event;
