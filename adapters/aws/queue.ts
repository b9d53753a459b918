import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import type { Subject } from '../../core/notification/subject.ts';
import { type HostEvent, hostEventSchema } from '../../core/ports/host/host-event.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html */
const batch = z.object({ Records: z.array(z.object({ messageId: z.string(), body: z.string() })) });
const id = z.string().max(500);
const subject = z.discriminatedUnion('about', [
  z.strictObject({ about: z.literal('gate'), runId: id, gateId: id }),
  z.strictObject({ about: z.literal('delivered'), runId: id }),
  z.strictObject({ about: z.literal('ended'), runId: id }),
  z.strictObject({ about: z.literal('budget'), runId: id, sprint: id }),
]);
const message = z.union([z.object({ event: hostEventSchema }), z.strictObject({ subject })]);

/** Puts an event into the queue. The event is small, because it excludes the host's payload. */
export async function sendHostEvent(client: SQSClient, url: string, event: HostEvent): Promise<void> {
  await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: JSON.stringify({ event }) }));
}

/** The messages that Lambda hands over. @throws ZodError for any other event. */
export const readBatch = (event: unknown): { messageId: string; body: string }[] => batch.parse(event).Records;

/**
 * A message of the queue: an event of the code host, or what people are to be told about.
 * @throws ZodError for an invalid message, which SQS moves to the dead letters.
 */
export const readMessage = (body: string): { event: HostEvent } | { subject: Subject } =>
  message.parse(JSON.parse(body));
