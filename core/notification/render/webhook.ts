import { z } from 'zod';
import { cardOf } from '../card.ts';
import { type Notice, notice } from '../notice.ts';
import { textOf } from './text.ts';

/** The body of an outgoing webhook. Fields are added to a version, and never removed or changed. */
const webhookBody = z.strictObject({
  version: z.literal(1).describe('Version of this format.'),
  id: z.string().describe('The same for each delivery of the same message; also in the header Drydock-Id.'),
  ...notice.omit({ key: true }).shape,
  subject: z.string().describe('The message in one line.'),
  text: z.string().describe('The message as plain text.'),
});

export const webhookJsonSchema = (): object => ({
  title: 'Drydock outgoing webhook',
  ...z.toJSONSchema(webhookBody, { target: 'draft-7' }),
});

/** @param id Of the message; the receiver ignores one that it knows. */
export function webhookJson({ key: _key, ...facts }: Notice, id: string): string {
  const card = cardOf({ key: _key, ...facts });
  return JSON.stringify({ version: 1, id, ...facts, subject: card.subject, text: textOf(card) });
}
