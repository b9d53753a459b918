import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventStreamCodec } from '@smithy/core/event-streams';
import { parseJson } from '../../../core/bounded-json.ts';
import type { ProviderKind } from '../../../core/models/endpoint.ts';
import type { UsageForm } from '../../../gateway/dialects/dialect.ts';
import { dialects } from '../../../gateway/meter/dialects.ts';
import { loadEventFrames } from '../../../gateway/meter/event-frames.ts';
import { worstCaseMicros } from '../../../gateway/meter/price.ts';
import { UsageReader } from '../../../gateway/meter/usage.ts';
import { type Parser, textUnits } from '../parser.ts';

interface Sent {
  provider: ProviderKind;
  path: string;
  body: Record<string, unknown>;
}
const folder = join(import.meta.dirname, '../../unit/gateway/dialects/agents');
const sent = readdirSync(folder).flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Sent[]);
/** Addresses that a provider would fetch; none of them may be left in what is sent, where it is not text. */
const address = /"(?:url|file_url|fileUri|file_uri|file_id)":"https?:/;

/** A request to a model as the gateway reads it, and as it would send it. */
function request(provider: ProviderKind, path: string, ...samples: Record<string, unknown>[]): Parser {
  return {
    parse(input) {
      const json = parseJson(input, { depth: 100, values: 500_000 });
      const body = 'value' in json ? json.value : undefined;
      if (typeof body !== 'object' || body === null || Array.isArray(body)) return { valid: false, output: undefined };
      const read = dialects[provider].read('POST', path, body as Record<string, unknown>);
      if (read === undefined) throw new Error('the call is not allowed');
      const refused = read.refusedField ?? read.hostedTool;
      if (refused !== undefined) return { valid: false, output: refused };
      const output = read.limited(1_000);
      const again = dialects[provider].read('POST', path, structuredClone(output));
      if (again?.refusedField !== undefined) throw new Error(`what is sent is refused: ${again.refusedField}`);
      if (read.free !== true && again?.maxOutput === undefined) throw new Error('what is sent has no limit');
      const text = JSON.stringify({ ...output, tools: [], metadata: {} });
      if (address.test(text) && !/"(?:input|args|response|arguments)":/.test(text))
        throw new Error('an address is sent');
      const bounds = { ...read, inputBytes: input.length, maxOutput: 1_000 };
      const micros = worstCaseMicros(
        { kind: provider, prices: { list: provider } },
        provider === 'google' ? 'gemini-2.5-pro' : read.model,
        bounds,
      );
      if (micros !== undefined && !(micros >= 0 && Number.isSafeInteger(micros)))
        throw new Error(`a price of ${micros}`);
      return { valid: true, output };
    },
    samples: {
      json: [...sent.filter((one) => one.path.startsWith(path)).map(({ body }) => body), ...samples]
        // Small ones: a changed field is found in each of them.
        .toSorted((a, b) => JSON.stringify(a).length - JSON.stringify(b).length)
        .slice(0, 8),
    },
    grows: [
      ...textUnits('{"model":"gpt-5","messages":[{"role":"user","content":"', '"}]}'),
      { before: '{"contents":[', unit: '{},', after: '{}]}' },
      { before: '{"messages":[', unit: '{"role":"user","content":[]},', after: '{}]}' },
      { before: '{"input":[', unit: '{"role":"user","content":[]},', after: '{}]}' },
      { before: '{"tools":[', unit: '{"type":"function","name":"a"},', after: '{}]}' },
      {
        before: '{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"',
        unit: 'AAAA',
        after: '"}}]}]}',
      },
      {
        before: '{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,',
        unit: 'AAAA',
        after: '"}}]}]}',
      },
      { before: '{', unit: '"some_field":1,', after: '"a":1}' },
    ],
  };
}

/** The usage in an answer, which is cut somewhere. */
function usage(form: UsageForm, type: string, ...samples: (string | Buffer)[]): Parser {
  return {
    parse(input) {
      const reader = new UsageReader(form, type);
      reader.push(input.subarray(0, input.length >> 1));
      reader.push(input.subarray(input.length >> 1));
      const output = reader.result(true).usage;
      const numbers = Object.values(output ?? {}).filter((value) => value !== undefined);
      if (numbers.some((value) => typeof value !== 'number')) throw new Error('a usage that is no number');
      return { valid: output !== undefined, output };
    },
    samples: { bytes: samples },
    grows: [
      ...textUnits(),
      ...textUnits('data: {"usage":{"a":"', '"}}\n\n'),
      { unit: 'data: {"usage":{"input_tokens":1,"output_tokens":2}}\n\n' },
      { before: 'data: ', unit: '[' },
      { before: '[', unit: '{"usageMetadata":{"promptTokenCount":1}},', after: '{}]' },
    ],
  };
}
const stream = (...values: unknown[]): string =>
  values.map((value) => `event: x\r\ndata: ${JSON.stringify(value)}\r\n\r\n`).join('');
const events = 'text/event-stream';
await loadEventFrames();
const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString(),
  (text) => Buffer.from(text),
);
const frame = (value: unknown): Buffer =>
  Buffer.from(codec.encode({ headers: {}, body: Buffer.from(JSON.stringify(value)) }));

export const modelParsers: Record<string, Parser> = {
  'request to Anthropic': request('anthropic', 'v1/messages', {
    model: 'claude-sonnet-4-5',
    max_tokens: 5,
    messages: [
      { role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }] },
    ],
    tools: [{ type: 'bash_20250124', name: 'bash' }],
  }),
  'token count of Anthropic': request('anthropic', 'v1/messages/count_tokens', {
    model: 'claude-sonnet-4-5',
    messages: [{ role: 'user', content: 'x' }],
  }),
  'request to Google': request('google', 'v1beta/models/gemini-2.5-pro:streamGenerateContent', {
    contents: [{ role: 'user', parts: [{ text: 'x' }, { inline_data: { mime_type: 'image/png', data: 'AAAA' } }] }],
    generation_config: { max_output_tokens: 5, candidate_count: 2, thinking_config: { thinking_budget: 1 } },
  }),
  'request to OpenAI, chat': request('openai', 'v1/chat/completions', {
    model: 'gpt-5',
    stream: true,
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] }],
  }),
  'request to OpenAI, responses': request('openai', 'v1/responses', {
    model: 'gpt-5',
    input: [
      { role: 'user', content: [{ type: 'input_image', image_url: 'data:image/png;base64,AAAA' }] },
      { type: 'function_call_output', call_id: 'c', output: 'x' },
    ],
  }),
  'request to Bedrock, Converse': request('bedrock', 'model/eu.anthropic.claude-sonnet-4-5-v1:0/converse', {
    messages: [
      {
        role: 'user',
        content: [
          { text: 'x' },
          { image: { format: 'png', source: { bytes: 'AAAA' } } },
          { cachePoint: { type: 'default' } },
        ],
      },
      { role: 'user', content: [{ toolResult: { toolUseId: 't', content: [{ json: { a: 1 } }, { text: 'y' }] } }] },
    ],
    inferenceConfig: { maxTokens: 5 },
    toolConfig: { tools: [{ toolSpec: { name: 't', inputSchema: { json: {} } } }] },
  }),
  'request to Bedrock, invoke': request('bedrock', 'model/eu.anthropic.claude-sonnet-4-5-v1:0/invoke', {
    anthropic_version: 'bedrock-2023-05-31',
    max_tokens: 5,
    messages: [{ role: 'user', content: 'x' }],
  }),
  'answer of Bedrock in frames': usage(
    'converse',
    'application/vnd.amazon.eventstream',
    frame({ contentBlockDelta: { delta: { text: 'x' } } }),
    frame({
      usage: { inputTokens: 5, outputTokens: 6, totalTokens: 11, cacheDetails: [{ ttl: '1h', inputTokens: 1 }] },
    }),
  ),
  'answer of Anthropic': usage(
    'anthropic',
    events,
    stream(
      { type: 'message_start', message: { usage: { input_tokens: 5, cache_read_input_tokens: 2, output_tokens: 1 } } },
      { type: 'content_block_delta', delta: { text: 'x' } },
      { type: 'message_delta', usage: { output_tokens: 30, server_tool_use: null } },
    ),
  ),
  'answer of Google': usage(
    'google',
    events,
    stream(
      { usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 1, totalTokenCount: 11 } },
      {
        candidates: [{ finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 6, thoughtsTokenCount: 4, totalTokenCount: 20 },
      },
    ),
  ),
  'answer of Google in one piece': usage(
    'google',
    'application/json',
    JSON.stringify([{ usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 9 } }]),
    JSON.stringify({
      usageMetadata: {
        promptTokenCount: 3,
        totalTokenCount: 9,
        promptTokensDetails: [{ modality: 'TEXT', tokenCount: 3 }],
      },
    }),
  ),
  'answer of OpenAI, chat': usage(
    'chat',
    events,
    stream(
      { choices: [{ finish_reason: 'stop' }], usage: null },
      {
        choices: [],
        usage: {
          prompt_tokens: 8,
          completion_tokens: 4,
          total_tokens: 12,
          prompt_tokens_details: { cached_tokens: 2 },
        },
      },
    ),
  ),
  'answer of OpenAI, responses': usage(
    'responses',
    events,
    stream({
      type: 'response.completed',
      response: { usage: { input_tokens: 8, output_tokens: 4, total_tokens: 12 } },
    }),
  ),
};
