import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Json } from './message.ts';

/** What of a message is passed on: each object is made anew from the fields that are known here. */

const object = z.custom<Json>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const text = z.string();
const protocolVersion = text.regex(/^\d{4}-\d{2}-\d{2}$/);
const implementation = z.object({ name: text.max(200), version: text.max(200), title: text.max(500).optional() });
const token = z.union([text.max(200), z.int()]);

/**
 * Of what a client can do, the server is told nothing: then it asks the client for nothing, such as a sample of its model,
 * its folders, or an answer of a person.
 */
export const initializeParams = z
  .object({ protocolVersion, clientInfo: implementation })
  .transform((given) => ({ ...given, capabilities: {} }));

/** Of what a server can do, the client is told of its tools. */
export const initializeResult = z
  .object({
    protocolVersion,
    capabilities: z.object({ tools: z.object({ listChanged: z.boolean().optional() }).optional() }),
    serverInfo: implementation,
    instructions: text.max(20_000).optional(),
  })
  .transform((given) => ({ ...given, capabilities: { tools: given.capabilities.tools ?? {} } }));

export const listParams = z.object({ cursor: text.max(4_000).optional() });

export const callParams = z.object({
  name: text,
  arguments: object.optional(),
  _meta: z.object({ progressToken: token.optional() }).optional(),
});

/** A tool of a list. Its icons and its way to run as a task are left out: nothing serves them. */
const tool = z.object({
  name: text,
  title: text.max(1_000).optional(),
  description: text.max(50_000).optional(),
  inputSchema: object,
  outputSchema: object.optional(),
  annotations: object.optional(),
});
export type Tool = z.infer<typeof tool>;
export const listResult = z.object({ tools: z.array(z.unknown()).max(10_000), nextCursor: text.max(4_000).optional() });
export const nameOf = (value: unknown): string | undefined => z.object({ name: text }).safeParse(value).data?.name;
export const parseTool = (value: unknown): Tool | undefined => tool.safeParse(value).data;
export const digestOf = (value: Tool): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

const content = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text }),
  z.object({ type: z.literal('image'), data: text, mimeType: text }),
  z.object({ type: z.literal('audio'), data: text, mimeType: text }),
  z.object({
    type: z.literal('resource'),
    resource: z.object({ uri: text, mimeType: text.optional(), text: text.optional(), blob: text.optional() }),
  }),
  z.object({
    type: z.literal('resource_link'),
    uri: text,
    name: text,
    title: text.optional(),
    description: text.optional(),
    mimeType: text.optional(),
  }),
]);
export const callResult = z.object({
  content: z.array(content).default([]),
  structuredContent: object.optional(),
  isError: z.boolean().optional(),
});

/** What a call returned, as people read it. */
export const shownResult = ({ content: parts, structuredContent }: z.infer<typeof callResult>): string =>
  [
    ...parts.map((part) => {
      if (part.type === 'text') return part.text;
      if (part.type === 'resource') return `${part.resource.uri}\n${part.resource.text ?? '(binary)'}`;
      return part.type === 'resource_link' ? part.uri : `(${part.mimeType}, ${part.data.length} characters)`;
    }),
    ...(structuredContent === undefined || parts.length > 0 ? [] : [JSON.stringify(structuredContent)]),
  ].join('\n');

export const cancelledParams = z.object({ requestId: token, reason: text.max(1_000).optional() });
export const progressParams = z.object({
  progressToken: token,
  progress: z.number(),
  total: z.number().optional(),
  message: text.max(4_000).optional(),
});
