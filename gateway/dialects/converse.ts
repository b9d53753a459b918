import { z } from 'zod';
import { list } from '../../core/list.ts';
import { addMedia, base64, type Media, once, opaque, text } from './dialect.ts';

/**
 * The fields of `POST /model/{model}/converse` and `converse-stream` that are let through
 * (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html). Not among them: what lies in S3,
 * stored prompts, tools that the vendor runs, guardrails, which have a price of their own, fields of single models, and
 * tiers at another price.
 */
export const converseTable = once(() => {
  const cachePoint = z.strictObject({ type: z.literal('default'), ttl: z.enum(['5m', '1h']).optional() });
  const source = z.strictObject({ bytes: base64 });
  const image = z.strictObject({ format: z.enum(['png', 'jpeg', 'gif', 'webp']), source });
  const document = z.strictObject({
    format: text.optional(),
    name: text,
    source: z.union([source, z.strictObject({ text })]),
    context: text.optional(),
    citations: z.strictObject({ enabled: z.boolean() }).optional(),
  });
  const result = z.union([
    z.strictObject({ text }),
    z.strictObject({ json: z.unknown() }),
    z.strictObject({ image }),
    z.strictObject({ document }),
  ]);
  const block = z.union([
    z.strictObject({ text }),
    z.strictObject({ image }),
    z.strictObject({ document }),
    z.strictObject({ toolUse: z.strictObject({ toolUseId: text, name: text, input: opaque }) }),
    z.strictObject({
      toolResult: z.strictObject({ toolUseId: text, content: list(result), status: text.optional() }),
    }),
    z.strictObject({
      reasoningContent: z.union([
        z.strictObject({ reasoningText: z.strictObject({ text, signature: text.optional() }) }),
        z.strictObject({ redactedContent: base64 }),
      ]),
    }),
    z.strictObject({ cachePoint }),
  ]);
  const tool = z.union([
    z.strictObject({
      toolSpec: z.strictObject({
        name: text,
        description: text.optional(),
        inputSchema: z.strictObject({ json: z.unknown() }),
        strict: z.boolean().optional(),
      }),
    }),
    z.strictObject({ cachePoint }),
  ]);
  const thinking = z.strictObject({
    type: z.enum(['enabled', 'disabled', 'adaptive']),
    budget_tokens: z.int().nonnegative().optional(),
  });
  return z.strictObject({
    messages: list(z.strictObject({ role: z.enum(['user', 'assistant']), content: list(block) })).optional(),
    system: list(z.union([z.strictObject({ text }), z.strictObject({ cachePoint })])).optional(),
    inferenceConfig: z
      .strictObject({
        maxTokens: z.int().positive().optional(),
        temperature: z.number().optional(),
        topP: z.number().optional(),
        stopSequences: list(text).optional(),
      })
      .optional(),
    toolConfig: z
      .strictObject({
        tools: list(tool).optional(),
        toolChoice: z
          .union([
            z.strictObject({ auto: z.strictObject({}) }),
            z.strictObject({ any: z.strictObject({}) }),
            z.strictObject({ tool: z.strictObject({ name: text }) }),
          ])
          .optional(),
      })
      .optional(),
    additionalModelRequestFields: z
      .strictObject({
        thinking: thinking.optional(),
        reasoning_config: thinking.optional(),
        top_k: z.number().optional(),
      })
      .optional(),
    requestMetadata: z.record(text, text).optional(),
    serviceTier: z.strictObject({ type: z.literal('default') }).optional(),
  });
});
export type ConverseRequest = z.infer<ReturnType<typeof converseTable>>;

type Part = { image?: { format: string; source: { bytes: string } }; document?: unknown };

/** The images and documents of messages, also those in the results of tools. */
export function addConverseMedia(media: Media, { messages = [] }: ConverseRequest): void {
  const add = ({ image, document }: Part): void => {
    if (image !== undefined) addMedia(media, `image/${image.format}`, image.source.bytes);
    if (document !== undefined) media.unbounded += 1;
  };
  for (const { content } of messages)
    for (const part of content) {
      add(part as Part);
      if ('toolResult' in part) for (const inner of part.toolResult.content) add(inner as Part);
    }
}
