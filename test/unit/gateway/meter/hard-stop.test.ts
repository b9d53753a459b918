/** H6: no call costs more than what was reserved for it, or than what it is charged with. */
import { describe, expect, test } from 'vitest';
import type { ProviderKind } from '../../../../core/models/endpoint.ts';
import { costMicros } from '../../../../core/money/price.ts';
import type { ModelRequest, UsageForm } from '../../../../gateway/dialects/dialect.ts';
import { dialects } from '../../../../gateway/meter/dialects.ts';
import { reportedMicros, worstCaseMicros } from '../../../../gateway/meter/price.ts';
import { UsageReader } from '../../../../gateway/meter/usage.ts';

type Body = Record<string, unknown>;
const million = 1_000_000;
const paths: Record<string, string> = {
  google: 'v1beta/models/gemini-2.5-pro:generateContent',
  anthropic: 'v1/messages',
  chat: 'v1/chat/completions',
  responses: 'v1/responses',
};
const kindOf = (dialect: string): ProviderKind =>
  dialect === 'google' || dialect === 'anthropic' ? dialect : 'openai';
const read = (dialect: string, body: Body): ModelRequest => {
  const provider = kindOf(dialect);
  const request = dialects[provider].read('POST', paths[dialect] ?? '', body);
  if (request === undefined) throw new Error('not allowed');
  return request;
};

/** What is reserved for a call; 0 if it is not made. */
function reserved(dialect: string, body: Body): number {
  const request = read(dialect, body);
  if (request.refusedField !== undefined || request.hostedTool !== undefined) return 0;
  const kind = kindOf(dialect);
  const maxOutput = request.maxOutput ?? 1_024; // the least that the gateway sets if the request sets none
  const sent = { ...request.limited(maxOutput), ...request.pinned };
  const inputBytes = Buffer.byteLength(JSON.stringify(sent));
  return worstCaseMicros({ kind, prices: { list: kind } }, request.model, { ...request, inputBytes, maxOutput }) ?? 0;
}
const base64 = (bytes: number): string => Buffer.alloc(bytes, 7).toString('base64');
const inline = (mimeType: string, bytes = 3_000) => ({
  contents: [{ parts: [{ inlineData: { mimeType, data: base64(bytes) } }] }],
  generationConfig: { maxOutputTokens: 1_000 },
});
const file = (media: string) => ({
  model: 'claude-sonnet-4-5',
  max_tokens: 1_000,
  messages: [
    {
      role: 'user',
      content: [{ type: 'document', source: { type: 'base64', media_type: media, data: base64(3_000) } }],
    },
  ],
});
const gpt = { model: 'gpt-5', messages: [{ role: 'user', content: 'x' }] };
const claude = { model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'x'.repeat(1_000) }] };

/** [what, dialect, body, what it would really cost]; the first rows are those of the review, with its numbers. */
const rows: [string, string, Body, number][] = [
  ['a video by its address', 'google', { contents: [{ parts: [{ file_data: { file_uri: 'gs://x' } }] }] }, 2_501_500],
  [
    'a video by its address, in camel case',
    'google',
    { contents: [{ parts: [{ fileData: { fileUri: 'gs://x' } }] }] },
    2_501_500,
  ],
  ['content cached at the vendor', 'google', { cached_content: 'c', contents: [] }, 251_500],
  ['content cached at the vendor, in camel case', 'google', { cachedContent: 'c', contents: [] }, 251_500],
  ['eight answers', 'google', { generationConfig: { candidate_count: 8, max_output_tokens: 2_500 } }, 200_013],
  [
    'eight answers, in camel case',
    'google',
    { generationConfig: { candidateCount: 8, maxOutputTokens: 2_500 } },
    200_013,
  ],
  ['a document', 'google', inline('application/pdf'), 570_150],
  // siblings
  [
    'eight answers in snake case throughout',
    'google',
    { generation_config: { candidate_count: 8, max_output_tokens: 2_500 } },
    200_013,
  ],
  ['sound', 'google', inline('audio/mp3'), 570_150],
  ['a video', 'google', inline('video/mp4'), 570_150],
  ['content of a type that is not known', 'google', inline('application/x-new'), 570_150],
  ['a picture of few bytes', 'google', inline('image/png', 60), 4_386 * 1.25 + 1_000 * 10],
  [
    'a thinking budget above the limit',
    'google',
    { generationConfig: { maxOutputTokens: 10, thinkingConfig: { thinkingBudget: 8_192 } } },
    81_920,
  ],
  ['several answers', 'chat', { ...gpt, n: 8, max_completion_tokens: 2_500 }, 8 * 2_500 * 10],
  [
    'sound',
    'chat',
    {
      model: 'gpt-4o-audio-preview',
      max_tokens: 10,
      messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }] }],
    },
    128_000 * 40,
  ],
  [
    'a document',
    'responses',
    {
      model: 'gpt-5',
      max_output_tokens: 1_000,
      input: [
        { role: 'user', content: [{ type: 'input_file', file_data: `data:application/pdf;base64,${base64(3_000)}` }] },
      ],
    },
    400_000 * 1.25,
  ],
  [
    'what an earlier answer holds',
    'responses',
    { model: 'gpt-5', max_output_tokens: 1_000, previous_response_id: 'r' },
    400_000 * 1.25,
  ],
  [
    'an item stored at the vendor',
    'responses',
    { model: 'gpt-5', max_output_tokens: 1_000, input: [{ type: 'item_reference', id: 'i' }] },
    400_000 * 1.25,
  ],
  [
    'a picture of few bytes',
    'responses',
    {
      model: 'gpt-4o-mini',
      max_output_tokens: 10,
      input: [{ role: 'user', content: [{ type: 'input_image', image_url: `data:image/png;base64,${base64(60)}` }] }],
    },
    48_169 * 0.15,
  ],
  ['a document', 'anthropic', file('application/pdf'), 200_000 * 3],
  [
    'a cache that is written for an hour',
    'anthropic',
    { ...claude, max_tokens: 10, cache_control: { type: 'ephemeral', ttl: '1h' } },
    1_000 * 6 + 150,
  ],
  [
    'processing in one region, which a workspace may have as its default',
    'anthropic',
    { ...claude, max_tokens: 10_000 },
    10_000 * 15 * 1.1,
  ],
  [
    'the vendor’s own instructions for its tools',
    'anthropic',
    { model: 'claude-sonnet-4-5', max_tokens: 10, tools: [{ type: 'text_editor_20250728', name: 'e' }] },
    735 * 3 + 150,
  ],
  [
    'a thinking budget above the limit',
    'anthropic',
    { ...claude, max_tokens: 10, thinking: { type: 'enabled', budget_tokens: 20_000 } },
    20_000 * 15,
  ],
];

describe('H6: what may be charged is reserved, or the call is refused', () => {
  test.each(rows)('%s (%s)', (_what, dialect, body, real) => {
    const micros = reserved(dialect, body);
    if (micros === 0) return expect(read(dialect, body).refusedField).toBeDefined();
    expect(micros).toBeGreaterThanOrEqual(real);
  });

  test('where the request says that it has no limit, the gateway writes one', () => {
    for (const [dialect, body] of [
      ['chat', { ...gpt, max_completion_tokens: null }],
      ['responses', { model: 'gpt-5', input: 'x', max_output_tokens: null }],
      ['google', { generationConfig: { maxOutputTokens: null } }],
      ['anthropic', { ...claude, max_tokens: null }],
    ] as const)
      expect(JSON.stringify(read(dialect, body).limited(1_024))).toMatch(/"max\w+":1024/i);
  });

  test('a picture is priced as one, not by the length of its base64', () => {
    const picture = reserved('google', inline('image/png', 2 * million));
    expect(picture).toBeLessThan(6_500 * 1.25 + 1_000 * 10);
    expect(reserved('google', inline('text/plain', 200_000))).toBeLessThan(reserved('google', inline('video/mp4')));
  });
});

const answered = (usage: UsageForm, ...events: object[]) => {
  const one = events.length === 1;
  const reader = new UsageReader(usage, one ? 'application/json' : 'text/event-stream');
  reader.push(
    Buffer.from(one ? JSON.stringify(events[0]) : events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')),
  );
  const { usage: found, ending } = reader.result(true);
  return { usage: found, ending, processing: reader.processing };
};

describe('H6: what was used is charged, or the worst case is', () => {
  test('output that only the vendor’s sum has is charged: 60,000 tokens of it cost 600,013', () => {
    const { usage } = answered('google', {
      usageMetadata: { promptTokenCount: 10, totalTokenCount: 60_010 },
    });
    expect(usage && costMicros({ list: 'google' }, 'gemini-2.5-pro', usage)).toBe(600_013);
    const thought = answered('google', {
      usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 10, totalTokenCount: 40_020 },
    });
    expect(thought.usage && costMicros({ list: 'google' }, 'gemini-2.5-pro', thought.usage)).toBe(400_113);
    expect(
      answered('chat', { usage: { prompt_tokens: 8, completion_tokens: 1, total_tokens: 108 } }).usage,
    ).toMatchObject({ output_tokens: 100 });
    expect(
      answered('responses', { usage: { input_tokens: 8, output_tokens: 1, total_tokens: 108 } }).usage,
    ).toMatchObject({ output_tokens: 100 });
  });

  test.each<[string, UsageForm, ...object[]]>([
    ['only the input', 'google', { usageMetadata: { promptTokenCount: 10 } }],
    ['only the output', 'google', { usageMetadata: { candidatesTokenCount: 10 } }],
    ['text', 'google', { usageMetadata: { promptTokenCount: '10', candidatesTokenCount: 1 } }],
    ['a negative number', 'google', { usageMetadata: { promptTokenCount: -10, candidatesTokenCount: 1 } }],
    ['only the input', 'anthropic', { usage: { input_tokens: 5 } }],
    ['only the output', 'anthropic', { usage: { output_tokens: 5 } }],
    [
      'a search by the vendor',
      'anthropic',
      { usage: { input_tokens: 5, output_tokens: 5, server_tool_use: { web_search_requests: 3 } } },
    ],
    ['another speed', 'anthropic', { usage: { input_tokens: 5, output_tokens: 5, speed: 'fast' } }],
    [
      'the beginning of a stream, which ended in an error',
      'anthropic',
      { type: 'message_start', message: { usage: { input_tokens: 5, output_tokens: 1 } } },
      { type: 'error', error: { type: 'overloaded_error' } },
    ],
    ['only the input', 'chat', { usage: { prompt_tokens: 5 } }],
    ['only the sum', 'chat', { usage: { total_tokens: 5 } }],
    ['only the output', 'responses', { usage: { output_tokens: 5 } }],
    ['nothing', 'responses', { usage: {} }],
    ['null', 'responses', { usage: null }],
  ])('a usage with %s leaves the worst case charged: %s', (_what, form, ...events) => {
    expect(answered(form, ...events).usage).toBeUndefined();
  });

  test('caches written for an hour and processing in one region cost what the vendor asks for them', () => {
    const written = { input_tokens: 0, output_tokens: 0, cache_creation_input_tokens: 1_000 };
    const hour = { ...written, cache_creation: { ephemeral_1h_input_tokens: 1_000, ephemeral_5m_input_tokens: 0 } };
    const cost = (usage: object): number | undefined => {
      const read = answered('anthropic', { usage });
      return (
        read.usage &&
        reportedMicros(
          { kind: 'anthropic', prices: { list: 'anthropic' } },
          'claude-sonnet-4-5',
          read.usage,
          read.processing,
        )
      );
    };
    expect(cost(written)).toBe(3_750);
    expect(cost(hour)).toBe(6_000);
    expect(cost({ ...hour, inference_geo: 'us' })).toBe(6_600);
    expect(cost({ ...hour, inference_geo: 'global' })).toBe(6_000);
    expect(cost({ ...hour, inference_geo: null })).toBe(6_000);
  });
});
