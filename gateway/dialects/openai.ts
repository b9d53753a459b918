import {
  addDataUrl,
  count,
  type Dialect,
  type Media,
  modelInBody,
  modelOf,
  noMedia,
  refusedField,
  textOf,
  unknownTool,
} from './dialect.ts';
import { chatTable } from './openai-chat.ts';
import { responsesTable } from './openai-responses.ts';

/** Tools that the agent runs itself. A tool of any other type runs at the vendor. */
const localTools = new Set(['function', 'custom', 'local_shell', 'shell', 'apply_patch', 'namespace', 'tool_search']);
/** Models that search the web by themselves. */
const searchModels = /-search(-|$)|deep-research/;
/** Items that stand for content stored at the vendor. */
const references = new Set(['item_reference']);

/** Adds every image and file of a list of items or messages, also of the results of tools. */
function addParts(media: Media, list: unknown): void {
  if (!Array.isArray(list)) return;
  for (const part of list as Record<string, unknown>[]) {
    const image = part.image_url;
    const url = typeof image === 'object' && image !== null ? (image as { url?: unknown }).url : image;
    if (typeof url === 'string') addDataUrl(media, url);
    if (part.type === 'file' || part.type === 'input_file') media.unbounded += 1;
    addParts(media, part.content);
    addParts(media, part.output);
  }
}

export const openai: Dialect = {
  baseUrl: () => 'https://api.openai.com/v1',
  target: (path) => path.replace(/^v1\//, ''),
  forModel: modelInBody,
  key: { header: 'authorization', prefix: 'Bearer ' },
  query: [],
  allows: (method, path) => method === 'POST' && (path === 'v1/chat/completions' || path === 'v1/responses'),
  read(method, path, body) {
    if (!this.allows(method, path)) return undefined;
    const chat = path === 'v1/chat/completions';
    const stream = body.stream === true;
    const model = modelOf(body);
    const parsed = (chat ? chatTable() : responsesTable()).safeParse(body);
    const allowed: Record<string, unknown> = parsed.data ?? {};
    const items = allowed.messages ?? allowed.input;
    const media = { ...noMedia };
    addParts(media, items);
    const names = chat ? ['max_completion_tokens', 'max_tokens'] : ['max_output_tokens'];
    const limits = names.flatMap((name) => count.parse(body[name]) ?? []);
    const maxOutput = limits.length === 0 ? undefined : Math.min(...limits);
    const { max_tokens, max_completion_tokens, max_output_tokens, ...others } = allowed;
    // Some servers with this interface know only the earlier name.
    const name =
      chat && count.parse(max_completion_tokens) === undefined && count.parse(max_tokens) !== undefined
        ? 'max_tokens'
        : (names[0] ?? '');
    return {
      kind: `${chat ? 'chat.completions' : 'responses'}${stream ? '.stream' : ''}`,
      model,
      free: false,
      usage: chat ? 'chat' : 'responses',
      maxOutput,
      thinking: 0,
      answers: count.parse(body.n) ?? 1,
      refersOutside:
        typeof allowed.previous_response_id === 'string' ||
        (Array.isArray(items) && items.some((item: { type?: unknown }) => references.has(textOf(item?.type)))),
      media,
      hostedTool: hostedTool(body, model),
      refusedField: parsed.success ? undefined : refusedField(parsed.error),
      limited: (max) => ({
        ...others,
        [name]: Math.min(maxOutput ?? max, max),
        // Without this option, a streamed chat answer does not report usage.
        ...(chat && stream
          ? { stream_options: { ...(others.stream_options as object | null | undefined), include_usage: true } }
          : {}),
      }),
      // Without it the project of the key decides, and its choice may cost twice as much.
      pinned: { service_tier: allowed.service_tier === 'flex' ? 'flex' : 'default' },
    };
  },
};

function hostedTool(body: Record<string, unknown>, model: string): string | undefined {
  if (body.web_search_options !== undefined && body.web_search_options !== null) return 'web_search_options';
  if (searchModels.test(model)) return `${model.slice(0, 100)} searches the web`;
  if (!Array.isArray(body.tools)) return undefined;
  const types = body.tools.map((tool: unknown) => (tool as { type?: unknown } | null)?.type);
  const isLocal = (type: unknown): boolean => localTools.has(textOf(type));
  return types.every(isLocal) ? undefined : unknownTool(types.find((type) => !isLocal(type)));
}
