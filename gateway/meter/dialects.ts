import { z } from 'zod';

/** The properties of a request to a vendor's API that matter for price and safety. */
export interface ModelRequest {
  /** Vendor's name of the call, with `.stream` for a streamed answer; recorded sessions are matched by it. */
  kind: string;
  model: string;
  /** Free calls (token counts) have no usage. */
  free: boolean;
  /** The usage format, as `@pydantic/genai-prices` names it. */
  flavor: string;
  /** Maximum number of tokens of an answer; `undefined` if the request sets none. */
  maxOutput: number | undefined;
  /** Number of answers requested. */
  answers: number;
  /** Whether it refers to content stored at the vendor, so that its own length is not a bound. */
  refersOutside: boolean;
  /** A tool that the vendor runs, and whose traffic the gateway does not see; `undefined` if there is none. */
  hostedTool: string | undefined;
  /** The body to send with this limit of output tokens. */
  limited(maxOutput: number): Record<string, unknown>;
}

export type Dialect = {
  /** Public base URL. */
  upstream: string;
  /** Header for the key, and the prefix of its value. */
  key: { header: string; prefix: string };
  /** `undefined` if the gateway does not allow the path. */
  read(method: string, path: string, body: Record<string, unknown>): ModelRequest | undefined;
};

const count = z.number().int().positive().optional().catch(undefined);
const record = z.record(z.string(), z.unknown());
const tools = (body: Record<string, unknown>): Record<string, unknown>[] => z.array(record).catch([]).parse(body.tools);
const one = (value: unknown): number => count.parse(value) ?? 1;

/** Tools that the agent runs itself. A tool of any other type runs at the vendor. */
const localOpenAiTools = new Set(['function', 'custom', 'local_shell', 'shell', 'apply_patch', 'namespace']);
const localAnthropicTool = /^(custom|bash_\d+|text_editor_\d+|memory_\d+|computer_\d+)$/;

const google: Dialect = {
  upstream: 'https://generativelanguage.googleapis.com',
  key: { header: 'x-goog-api-key', prefix: '' },
  read(method, path, body) {
    const match = /^v1(?:beta)?\/models\/([\w.-]+):(generateContent|streamGenerateContent|countTokens)$/.exec(path);
    if (method !== 'POST' || match === null) return undefined;
    const config = record.catch({}).parse(body.generationConfig);
    const hosted = tools(body)
      .flatMap((tool) => Object.keys(tool))
      .find((name) => name !== 'functionDeclarations' && name !== 'function_declarations');
    return {
      kind: match[2] ?? '',
      model: match[1] ?? '',
      free: match[2] === 'countTokens',
      flavor: 'default',
      maxOutput: count.parse(config.maxOutputTokens),
      answers: one(config.candidateCount),
      refersOutside: body.cachedContent !== undefined || JSON.stringify(body.contents ?? null).includes('"fileData"'),
      hostedTool: hosted,
      limited: (maxOutputTokens) => ({ ...body, generationConfig: { ...config, maxOutputTokens } }),
    };
  },
};

const anthropic: Dialect = {
  upstream: 'https://api.anthropic.com',
  key: { header: 'x-api-key', prefix: '' },
  read(method, path, body) {
    if (method !== 'POST' || (path !== 'v1/messages' && path !== 'v1/messages/count_tokens')) return undefined;
    const free = path.endsWith('count_tokens');
    const hosted = tools(body).find((tool) => tool.type !== undefined && !localAnthropicTool.test(String(tool.type)));
    return {
      kind: free ? 'count_tokens' : `messages${body.stream === true ? '.stream' : ''}`,
      model: String(body.model ?? ''),
      free,
      flavor: 'default',
      maxOutput: count.parse(body.max_tokens),
      answers: 1,
      refersOutside: JSON.stringify(body.messages ?? null).includes('"file_id"'),
      hostedTool:
        body.mcp_servers !== undefined ? 'mcp_servers' : hosted === undefined ? undefined : String(hosted.type),
      limited: (max_tokens) => ({ ...body, max_tokens }),
    };
  },
};

const openai: Dialect = {
  upstream: 'https://api.openai.com',
  key: { header: 'authorization', prefix: 'Bearer ' },
  read(method, path, body) {
    const chat = path === 'v1/chat/completions';
    if (method !== 'POST' || (!chat && path !== 'v1/responses')) return undefined;
    const hosted = tools(body).find((tool) => !localOpenAiTools.has(String(tool.type)));
    const stream = body.stream === true;
    return {
      kind: `${chat ? 'chat.completions' : 'responses'}${stream ? '.stream' : ''}`,
      model: String(body.model ?? ''),
      free: false,
      flavor: chat ? 'chat' : 'responses',
      maxOutput: count.parse(body.max_completion_tokens ?? body.max_output_tokens ?? body.max_tokens),
      answers: one(body.n),
      refersOutside:
        ['previous_response_id', 'conversation', 'prompt'].some(
          (name) => body[name] !== undefined && body[name] !== null,
        ) || JSON.stringify(body.input ?? body.messages ?? null).includes('"file_id"'),
      hostedTool:
        body.web_search_options !== undefined
          ? 'web_search_options'
          : hosted === undefined
            ? undefined
            : String(hosted.type),
      limited: (max) => ({
        ...body,
        ...(body.max_completion_tokens === undefined &&
        body.max_tokens === undefined &&
        body.max_output_tokens === undefined
          ? { [chat ? 'max_completion_tokens' : 'max_output_tokens']: max }
          : {}),
        // Without this option, a streamed chat answer does not report usage.
        ...(chat && stream
          ? { stream_options: { ...record.catch({}).parse(body.stream_options), include_usage: true } }
          : {}),
      }),
    };
  },
};

export const dialects: Readonly<Record<string, Dialect>> = { google, anthropic, openai };
