import { z } from 'zod';
import { list } from '../../core/list.ts';
import { cacheRetention, dataUrl, modelName, once, opaque, text } from './dialect.ts';

/**
 * The fields of `POST /v1/chat/completions` that are let through
 * (https://platform.openai.com/docs/api-reference/chat/create). Not among them: addresses and ids of files, sound,
 * predictions, the web search, and tiers at another price.
 */
export const chatTable = once(() => {
  const textPart = z.strictObject({ type: z.literal('text'), text });
  const part = z.discriminatedUnion('type', [
    textPart,
    z.strictObject({
      type: z.literal('image_url'),
      image_url: z.strictObject({ url: dataUrl, detail: text.optional() }),
    }),
    z.strictObject({
      type: z.literal('file'),
      file: z.strictObject({ file_data: dataUrl, filename: text.optional() }),
    }),
    z.strictObject({ type: z.literal('refusal'), refusal: text }),
  ]);
  const called = z.strictObject({ name: text, arguments: text });
  const toolCall = z.discriminatedUnion('type', [
    z.strictObject({ id: text, type: z.literal('function'), function: called, index: z.number().optional() }),
    z.strictObject({ id: text, type: z.literal('custom'), custom: z.strictObject({ name: text, input: text }) }),
  ]);
  const message = z.strictObject({
    role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
    content: z.union([text, list(part)]).nullish(),
    name: text.nullish(),
    refusal: text.nullish(),
    tool_calls: list(toolCall).nullish(),
    tool_call_id: text.nullish(),
    function_call: called.nullish(),
    /** What models of other vendors with this interface thought; text as well. */
    reasoning_content: text.nullish(),
  });
  const definition = {
    name: text.optional(),
    description: text.nullish(),
    parameters: opaque,
    strict: z.boolean().nullish(),
  };
  const named = z.strictObject({ name: text });
  const nothing = z.null().optional();
  return z.strictObject({
    model: modelName.optional(),
    messages: list(message).optional(),
    max_completion_tokens: z.int().positive().nullish(),
    max_tokens: z.int().positive().nullish(),
    n: z.int().positive().max(128).nullish(),
    tools: list(
      z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('function'), function: z.strictObject(definition).optional() }),
        z.strictObject({
          type: z.literal('custom'),
          custom: z.strictObject({ name: text, description: text.nullish(), format: opaque }),
        }),
      ]),
    ).nullish(),
    tool_choice: z
      .union([
        z.enum(['none', 'auto', 'required']),
        z.discriminatedUnion('type', [
          z.strictObject({ type: z.literal('function'), function: named }),
          z.strictObject({ type: z.literal('custom'), custom: named }),
          z.strictObject({ type: z.literal('allowed_tools'), allowed_tools: opaque }),
        ]),
      ])
      .nullish(),
    functions: list(z.strictObject(definition)).nullish(),
    function_call: z.union([text, named]).nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    response_format: z
      .strictObject({ type: z.enum(['text', 'json_object', 'json_schema']), json_schema: opaque })
      .nullish(),
    modalities: list(z.literal('text')).nullish(),
    reasoning_effort: text.nullish(),
    verbosity: text.nullish(),
    stream: z.boolean().nullish(),
    stream_options: z
      .strictObject({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().nullish() })
      .nullish(),
    stop: z.union([text, list(text)]).nullish(),
    seed: z.number().nullish(),
    temperature: z.number().nullish(),
    top_p: z.number().nullish(),
    frequency_penalty: z.number().nullish(),
    presence_penalty: z.number().nullish(),
    logit_bias: z.record(text, z.number()).nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.number().nullish(),
    service_tier: z.enum(['auto', 'default', 'flex']).nullish(),
    store: z.boolean().nullish(),
    metadata: z.record(text, text).nullish(),
    user: text.nullish(),
    safety_identifier: text.nullish(),
    prompt_cache_key: text.nullish(),
    prompt_cache_retention: cacheRetention.nullish(),
    audio: nothing,
    prediction: nothing,
    web_search_options: nothing,
  });
});
