import { z } from 'zod';
import { type JsonLimits, parseJson } from '../core/bounded-json.ts';
import { phaseEvent, refusal, remarkEvent, traffic } from '../core/run/phase.ts';

const count = z.int().nonnegative();

/** A message from the gateway to its launcher: NDJSON on stdout. */
const gatewayMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready'), host: z.string().max(100).optional() }),
  z.strictObject({
    type: z.literal('event'),
    event: z.discriminatedUnion('type', [
      ...phaseEvent.options,
      remarkEvent,
      z.strictObject({ type: z.literal('cost'), usdMicros: z.number() }),
    ]),
  }),
  z.strictObject({ type: z.literal('refusal'), refusal }),
  z.strictObject({ type: z.literal('artifact'), name: z.string(), bytes: count }),
  z.strictObject({ type: z.literal('traffic'), ...traffic.shape }),
  z.strictObject({ type: z.literal('failure'), name: z.string(), message: z.string() }),
  /** The last message: how many were left out, because a phase has a limit for each kind. */
  z.strictObject({ type: z.literal('left-out'), events: count, refusals: count, traffic: count, bytes: count }),
]);
export type GatewayMessage = z.infer<typeof gatewayMessage>;

/** Limit in bytes for a message; events are the longest ones. */
export const maxMessageBytes = 256 * 1024;
const messageLimits: JsonLimits = { depth: 8, values: 2_000 };

/** Reads a line of the gateway's stdout; `undefined` if it is not a message. It never throws. */
export function readMessage(line: Uint8Array): GatewayMessage | undefined {
  const parsed = parseJson(line, messageLimits);
  return 'value' in parsed ? gatewayMessage.safeParse(parsed.value).data : undefined;
}
