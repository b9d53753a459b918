import { z } from 'zod';
import { list } from '../../core/list.ts';
import { cacheRetention, dataUrl, modelName, once, opaque, text } from './dialect.ts';

/**
 * The fields of `POST /v1/responses` that are let through (https://platform.openai.com/docs/api-reference/responses). Not
 * among them: addresses and ids of files, stored prompts and conversations, containers, skills and every other tool that
 * the vendor runs, work in the background, and tiers at another price.
 */
export const responsesTable = once(() => {
  const nothing = z.null().optional();
  const image = z.strictObject({
    type: z.literal('input_image'),
    image_url: dataUrl,
    detail: text.nullish(),
    file_id: nothing,
  });
  const file = z.strictObject({
    type: z.literal('input_file'),
    file_data: dataUrl,
    filename: text.nullish(),
    detail: text.nullish(),
    file_id: nothing,
    file_url: nothing,
  });
  const inputText = z.strictObject({ type: z.literal('input_text'), text });
  const part = z.discriminatedUnion('type', [
    inputText,
    image,
    file,
    z.strictObject({
      type: z.literal('output_text'),
      text,
      annotations: list(opaque).nullish(),
      logprobs: list(opaque).nullish(),
    }),
    z.strictObject({ type: z.literal('refusal'), refusal: text }),
  ]);
  const ids = { id: text.nullish(), status: text.nullish() };
  const answer = { ...ids, call_id: text, name: text.nullish() };
  const output = z.union([text, list(z.discriminatedUnion('type', [inputText, image, file]))]);
  const functionTool = z.strictObject({
    type: z.literal('function'),
    name: text.optional(),
    description: text.nullish(),
    parameters: opaque,
    output_schema: opaque,
    strict: z.boolean().nullish(),
    defer_loading: z.boolean().nullish(),
  });
  const customTool = z.strictObject({
    type: z.literal('custom'),
    name: text.optional(),
    description: text.nullish(),
    format: opaque,
    defer_loading: z.boolean().nullish(),
  });
  const namespace = z.strictObject({
    type: z.literal('namespace'),
    name: text.optional(),
    description: text.nullish(),
    tools: list(z.discriminatedUnion('type', [functionTool, customTool])).optional(),
  });
  const local = z.strictObject({ type: z.literal('local') }).nullish();
  const tools = list(
    z.discriminatedUnion('type', [
      functionTool,
      customTool,
      namespace,
      z.strictObject({ type: z.literal('local_shell') }),
      z.strictObject({ type: z.literal('shell'), environment: local }),
      z.strictObject({ type: z.literal('apply_patch') }),
      z.strictObject({
        type: z.literal('tool_search'),
        execution: z.literal('client'),
        description: text.nullish(),
        parameters: opaque,
      }),
    ]),
  );
  const item = z.union([
    z.strictObject({
      ...ids,
      type: z.literal('message').nullish(),
      role: z.enum(['user', 'assistant', 'system', 'developer']),
      content: z.union([text, list(part)]),
      phase: text.nullish(),
    }),
    z.discriminatedUnion('type', [
      z.strictObject({
        ...ids,
        type: z.literal('reasoning'),
        summary: list(z.strictObject({ type: z.literal('summary_text'), text })).nullish(),
        content: list(z.strictObject({ type: z.literal('reasoning_text'), text })).nullish(),
        encrypted_content: text.nullish(),
      }),
      z.strictObject({
        ...answer,
        type: z.literal('function_call'),
        namespace: text.nullish(),
        arguments: text,
      }),
      z.strictObject({ ...answer, type: z.literal('function_call_output'), output }),
      z.strictObject({
        ...answer,
        type: z.literal('custom_tool_call'),
        namespace: text.nullish(),
        input: text,
      }),
      z.strictObject({ ...answer, type: z.literal('custom_tool_call_output'), output }),
      z.strictObject({ ...answer, type: z.literal('local_shell_call'), action: opaque }),
      z.strictObject({ ...ids, type: z.literal('local_shell_call_output'), call_id: text.nullish(), output: text }),
      z.strictObject({ ...answer, type: z.literal('shell_call'), action: opaque, environment: local }),
      z.strictObject({
        ...answer,
        type: z.literal('shell_call_output'),
        output: list(z.strictObject({ stdout: text, stderr: text, outcome: opaque })),
        max_output_length: z.number().nullish(),
      }),
      z.strictObject({ ...answer, type: z.literal('apply_patch_call'), operation: opaque }),
      z.strictObject({ ...answer, type: z.literal('apply_patch_call_output'), output: text.nullish() }),
      z.strictObject({
        ...ids,
        type: z.literal('tool_search_call'),
        call_id: text.nullish(),
        execution: z.literal('client'),
        arguments: opaque,
      }),
      z.strictObject({
        ...ids,
        type: z.literal('tool_search_output'),
        call_id: text.nullish(),
        execution: z.literal('client'),
        tools,
      }),
      z.strictObject({ ...ids, type: z.literal('additional_tools'), role: text.nullish(), tools }),
      /** An item stored at the vendor; its price is that of all that the model takes. */
      z.strictObject({ ...ids, type: z.literal('item_reference') }),
    ]),
  ]);
  return z.strictObject({
    model: modelName.optional(),
    input: z.union([text, list(item)]).optional(),
    instructions: text.nullish(),
    max_output_tokens: z.int().positive().nullish(),
    tools: tools.nullish(),
    tool_choice: z
      .union([
        z.enum(['none', 'auto', 'required']),
        z.strictObject({
          type: z.enum(['function', 'custom', 'allowed_tools', 'apply_patch', 'shell']),
          name: text.optional(),
          mode: text.optional(),
          tools: opaque,
        }),
      ])
      .nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    previous_response_id: text.nullish(),
    conversation: nothing,
    prompt: nothing,
    background: z.literal(false).nullish(),
    include: list(
      z.enum(['reasoning.encrypted_content', 'message.output_text.logprobs', 'message.input_image.image_url']),
    ).nullish(),
    reasoning: z
      .strictObject({ effort: text.nullish(), summary: text.nullish(), generate_summary: text.nullish() })
      .nullish(),
    text: z.strictObject({ format: opaque, verbosity: text.nullish() }).nullish(),
    truncation: text.nullish(),
    stream: z.boolean().nullish(),
    stream_options: z.strictObject({ include_obfuscation: z.boolean().nullish() }).nullish(),
    temperature: z.number().nullish(),
    top_p: z.number().nullish(),
    top_logprobs: z.number().nullish(),
    service_tier: z.enum(['auto', 'default', 'flex']).nullish(),
    store: z.boolean().nullish(),
    metadata: z.record(text, text).nullish(),
    client_metadata: z.record(text, text).nullish(),
    user: text.nullish(),
    safety_identifier: text.nullish(),
    prompt_cache_key: text.nullish(),
    prompt_cache_retention: cacheRetention.nullish(),
  });
});
