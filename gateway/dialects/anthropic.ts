import { z } from 'zod';
import { list } from '../../core/list.ts';
import {
  addMedia,
  base64,
  count,
  type Dialect,
  type Media,
  modelInBody,
  modelName,
  modelOf,
  noMedia,
  once,
  opaque,
  refusedField,
  text,
  textOf,
  unknownTool,
} from './dialect.ts';

/**
 * The fields of `POST /v1/messages` and `/v1/messages/count_tokens` that are let through
 * (https://platform.claude.com/docs/en/api/messages). Not among them: sources of type `url` and `file`, containers,
 * skills, MCP servers and every other tool that the vendor runs, fallbacks to other models, compaction by the vendor,
 * faster or regional processing at another price.
 */
const messagesTable = once(() => {
  const cached = {
    cache_control: z
      .strictObject({
        type: z.literal('ephemeral'),
        ttl: z.enum(['5m', '1h']).optional(),
        scope: text.optional(),
        evict_on_complete: z.boolean().optional(),
      })
      .nullish(),
  };
  const source = z.strictObject({ type: z.literal('base64'), media_type: text, data: base64 });
  const textBlock = z.strictObject({ type: z.literal('text'), text, citations: list(opaque).nullish(), ...cached });
  const image = z.strictObject({ type: z.literal('image'), source, ...cached });
  const citations = z.strictObject({ enabled: z.boolean().optional() }).nullish();
  const document = z.strictObject({
    type: z.literal('document'),
    source: z.discriminatedUnion('type', [
      source,
      z.strictObject({ type: z.literal('text'), media_type: z.literal('text/plain'), data: text }),
      z.strictObject({
        type: z.literal('content'),
        content: z.union([text, list(z.discriminatedUnion('type', [textBlock, image]))]),
      }),
    ]),
    title: text.nullish(),
    context: text.nullish(),
    citations,
    ...cached,
  });
  const searchResult = z.strictObject({
    type: z.literal('search_result'),
    source: text,
    title: text,
    content: list(textBlock),
    citations,
    ...cached,
  });
  const toolReference = z.strictObject({ type: z.literal('tool_reference'), tool_name: text, ...cached });
  const direct = z.strictObject({ type: z.literal('direct') }).nullish();
  const block = z.discriminatedUnion('type', [
    textBlock,
    image,
    document,
    searchResult,
    z.strictObject({ type: z.literal('thinking'), thinking: text, signature: text.nullish(), ...cached }),
    z.strictObject({ type: z.literal('redacted_thinking'), data: text, ...cached }),
    z.strictObject({ type: z.literal('tool_use'), id: text, name: text, input: opaque, caller: direct, ...cached }),
    z.strictObject({
      type: z.literal('tool_result'),
      tool_use_id: text,
      content: z
        .union([text, list(z.discriminatedUnion('type', [textBlock, image, document, searchResult, toolReference]))])
        .nullish(),
      is_error: z.boolean().nullish(),
      ...cached,
    }),
  ]);
  const tool = {
    name: text.optional(),
    strict: z.boolean().nullish(),
    defer_loading: z.boolean().nullish(),
    allowed_callers: list(z.literal('direct')).nullish(),
    input_examples: list(opaque).nullish(),
    ...cached,
  };
  const customTool = z.strictObject({
    ...tool,
    type: z.literal('custom').nullish(),
    description: text.nullish(),
    input_schema: opaque,
    eager_input_streaming: z.boolean().nullish(),
  });
  const clientTool = z.strictObject({
    ...tool,
    type: z.string().regex(localTool),
    max_characters: z.number().nullish(),
    display_width_px: z.number().optional(),
    display_height_px: z.number().optional(),
    display_number: z.number().nullish(),
    enable_zoom: z.boolean().nullish(),
  });
  const amount = z.strictObject({ type: text, value: z.number() });
  const format = z.strictObject({ type: z.literal('json_schema'), schema: opaque, name: text.optional() }).nullish();
  return z.strictObject({
    model: modelName.optional(),
    max_tokens: z.int().nonnegative().nullish(),
    messages: list(
      z.strictObject({ role: z.enum(['user', 'assistant', 'system']), content: z.union([text, list(block)]) }),
    ).optional(),
    system: z.union([text, list(textBlock)]).nullish(),
    tools: list(z.union([customTool, clientTool])).nullish(),
    tool_choice: z
      .strictObject({
        type: z.enum(['auto', 'any', 'tool', 'none']),
        name: text.optional(),
        disable_parallel_tool_use: z.boolean().optional(),
      })
      .nullish(),
    thinking: z
      .strictObject({
        type: z.enum(['enabled', 'disabled', 'adaptive', 'between_tools']),
        budget_tokens: z.int().nonnegative().optional(),
        display: text.nullish(),
        block_binding: opaque,
      })
      .nullish(),
    output_config: z
      .strictObject({
        effort: text.nullish(),
        format,
        task_budget: z.strictObject({ type: text, total: z.number(), remaining: z.number().nullish() }).nullish(),
      })
      .nullish(),
    output_format: format,
    context_management: z
      .strictObject({
        edits: list(
          z.discriminatedUnion('type', [
            z.strictObject({ type: z.literal('clear_thinking_20251015'), keep: z.union([text, amount]).optional() }),
            z.strictObject({
              type: z.literal('clear_tool_uses_20250919'),
              trigger: amount.nullish(),
              keep: amount.nullish(),
              clear_at_least: amount.nullish(),
              clear_tool_inputs: z.union([z.boolean(), list(text)]).nullish(),
              exclude_tools: list(text).nullish(),
            }),
          ]),
        ).optional(),
      })
      .nullish(),
    diagnostics: z.strictObject({ previous_message_id: text.nullish() }).nullish(),
    metadata: z.strictObject({ user_id: text.nullish() }).nullish(),
    stop_sequences: list(text).nullish(),
    stream: z.boolean().nullish(),
    temperature: z.number().nullish(),
    top_k: z.number().nullish(),
    top_p: z.number().nullish(),
    service_tier: z.enum(['auto', 'standard_only']).nullish(),
    speed: z.literal('standard').nullish(),
    inference_geo: z.literal('global').nullish(),
    ...cached,
  });
});

/** Tools that the agent runs itself. A tool of any other type runs at the vendor. */
const localTool = /^(bash_\d+|text_editor_\d+|memory_\d+|computer_\d+)$/;

/** Every block with a source, also those within the results of tools and within documents. */
function addBlocks(media: Media, content: unknown): void {
  if (!Array.isArray(content)) return;
  for (const block of content as Record<string, unknown>[]) {
    const source = block.source as Record<string, unknown> | undefined;
    if (source?.type === 'base64') addMedia(media, String(source.media_type), String(source.data));
    if (source?.type === 'content') addBlocks(media, source.content);
    addBlocks(media, block.content);
  }
}

export const anthropic: Dialect = {
  baseUrl: () => 'https://api.anthropic.com',
  target: (path) => path,
  forModel: modelInBody,
  key: { header: 'x-api-key', prefix: '' },
  query: ['beta=true'],
  allows: (method, path) => method === 'POST' && (path === 'v1/messages' || path === 'v1/messages/count_tokens'),
  read(method, path, body) {
    if (!this.allows(method, path)) return undefined;
    const free = path.endsWith('count_tokens');
    const parsed = messagesTable().safeParse(body);
    const allowed = parsed.data ?? {};
    const media = { ...noMedia };
    for (const message of allowed.messages ?? []) addBlocks(media, message.content);
    const asked = count.parse(body.max_tokens);
    // The model may think as much as its budget says, whatever the limit of the answer is.
    const thinking = allowed.thinking?.budget_tokens ?? 0;
    return {
      kind: free ? 'count_tokens' : `messages${body.stream === true ? '.stream' : ''}`,
      model: modelOf(body),
      free,
      usage: 'anthropic',
      maxOutput: asked === undefined ? undefined : Math.max(asked, thinking),
      thinking,
      answers: 1,
      refersOutside: false,
      media,
      hostedTool: hostedTool(body),
      refusedField: parsed.success ? undefined : refusedField(parsed.error),
      limited: (max) => (free ? allowed : { ...allowed, max_tokens: Math.min(asked ?? max, max) }),
      pinned: {},
    };
  },
};

function hostedTool(body: Record<string, unknown>): string | undefined {
  if (body.mcp_servers !== undefined) return 'mcp_servers';
  if (!Array.isArray(body.tools)) return undefined;
  const types = body.tools.map((tool: unknown) => (tool as { type?: unknown } | null)?.type ?? undefined);
  const hosted = types.find((type) => type !== undefined && type !== 'custom' && !localTool.test(textOf(type)));
  return hosted === undefined ? undefined : unknownTool(hosted);
}
