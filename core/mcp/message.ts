import { z } from 'zod';
import { type JsonLimits, parseJson } from '../bounded-json.ts';

export type Json = Record<string, unknown>;
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
/** An object that is passed on as it is, if at all; its content is read by what knows it. */
const object = z.custom<Json>(isJson, 'not an object');

export type MessageId = string | number;
const id = z.union([z.string().max(200), z.int()]);
const jsonrpc = z.literal('2.0');
const method = z.string().min(1).max(200);

/** The messages of JSON-RPC 2.0 as MCP has them. A field too many makes a message that two readers could read differently. */
const request = z.strictObject({ jsonrpc, id, method, params: object.optional() });
const notification = z.strictObject({ jsonrpc, method, params: object.optional() });
const result = z.strictObject({ jsonrpc, id, result: object });
/** Without an id, or with null: the server could not read what it answers. */
const failure = z.strictObject({
  jsonrpc,
  id: id.nullish(),
  error: z.object({ code: z.int(), message: z.string() }),
});

const message = z.union([request, notification, result, failure]);
export type McpMessage = z.infer<typeof message>;
export type McpRequest = z.infer<typeof request>;
export type McpNotification = z.infer<typeof notification>;
export type McpAnswer = z.infer<typeof result> | z.infer<typeof failure>;

/** Messages of one batch. */
const maxBatch = 50;

/** The messages in a JSON value, one or a batch of them, as the versions before 2025-06-18 have it. */
export function messagesIn(value: unknown): { messages: McpMessage[]; batch: boolean } | { invalid: string } {
  const batch = Array.isArray(value);
  const values: unknown[] = batch ? value : [value];
  if (values.length === 0 || values.length > maxBatch) return { invalid: `a batch of ${values.length} messages` };
  const messages: McpMessage[] = [];
  for (const each of values) {
    const parsed = message.safeParse(each);
    if (!parsed.success) return { invalid: 'not a message of JSON-RPC 2.0' };
    messages.push(parsed.data);
  }
  return { messages, batch };
}

/** Codes of JSON-RPC. */
export const errorCodes = { unknownMethod: -32_601, invalidParams: -32_602, internal: -32_603 } as const;

export const errorAnswer = (to: MessageId, code: number, text: string): McpAnswer => ({
  jsonrpc: '2.0',
  id: to,
  error: { code, message: text },
});

/** What distinguishes ids: 1 and "1" are two. */
export const keyOf = (value: MessageId): string => `${typeof value}:${value}`;

const limits: JsonLimits = { depth: 64, values: 200_000 };
const decoder = new TextDecoder();
/** JSON whose numbers keep their text (https://tc39.es/proposal-json-parse-with-source/), which TypeScript does not know yet. */
const exact = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): object;
};

/**
 * Reads a message, which is to be written again. A number that JavaScript cannot hold, such as a long id, stays as it was.
 * It never throws.
 */
export function parseMessage(bytes: Uint8Array): ReturnType<typeof parseJson> {
  const parsed = parseJson(bytes, limits);
  const text = 'value' in parsed ? decoder.decode(bytes) : '';
  if (!/\d{16}/.test(text)) return parsed;
  const value = exact.parse(text, (_key, each, { source }) =>
    typeof each === 'number' && source !== undefined && String(each) !== source ? exact.rawJSON(source) : each,
  );
  return { value };
}
