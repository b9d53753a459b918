import { appendFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { defined } from '../../../../core/defined.ts';
import type { ProviderKind } from '../../../../core/models/endpoint.ts';
import { costMicros } from '../../../../core/money/price.ts';
import type { UsageForm } from '../../../../gateway/dialects/dialect.ts';
import { dialects } from '../../../../gateway/meter/dialects.ts';
import { openMeter, readMeter } from '../../../../gateway/meter/meter.ts';
import { worstCaseMicros } from '../../../../gateway/meter/price.ts';
import { replayer } from '../../../../gateway/meter/replay.ts';
import { UsageReader } from '../../../../gateway/meter/usage.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'meter-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = () => path.join(folder, `${files++}.ndjson`);
const call = { provider: 'google', model: 'm', kind: 'k' };

describe('meter', () => {
  test('R28: whatever is reserved and settled in whatever order, the budget holds', () => {
    const action = fc.record({
      worst: fc.integer({ min: 0, max: 400 }),
      share: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000 }), fc.array(action, { maxLength: 8 }), (budget, actions) => {
        const file = newFile();
        const meter = openMeter(file, budget);
        for (const { worst, share } of actions) {
          const reserved = meter.reserve(call, worst);
          if (reserved !== undefined && share !== null)
            meter.settle(reserved, { input_tokens: 1 }, Math.floor(worst * share), 'usage');
        }
        const spent = readMeter(file).reduce((sum, one) => sum + one.usdMicros, 0);
        expect(spent).toBeLessThanOrEqual(budget);
        expect(meter.left()).toBe(budget - spent);
        expect(openMeter(file, budget).left()).toBe(meter.left());
      }),
      { numRuns: 15 }, // every line is synced to the disk
    );
  });

  test('a log cut off anywhere by a crash still holds every call that was reserved before', () => {
    const file = newFile();
    const meter = openMeter(file, 100);
    const first = meter.reserve(call, 40);
    if (first === undefined) throw new Error('not reserved');
    appendFileSync(file, '\n{"id":"half');
    const again = openMeter(file, 100);
    expect(again.left()).toBe(60);
    again.settle(first, { input_tokens: 7, output_tokens: 2, cache_read_tokens: 3 }, 5, 'usage');
    expect(readMeter(file)).toEqual([
      { ...first, inputTokens: 7, outputTokens: 2, cachedTokens: 3, usdMicros: 5, state: 'settled', charged: 'usage' },
    ]);
    expect(statSync(file).mode & 0o077).toBe(0);
  });

  test('no file: no calls', () => {
    expect(readMeter(path.join(folder, 'none'))).toEqual([]);
  });
});

const read = (form: UsageForm, type: string, text: string, cuts: number[] = []) => {
  const reader = new UsageReader(form, type);
  const bytes = Buffer.from(text);
  const at = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < at.length; i += 1) reader.push(bytes.subarray(at[i - 1], at[i]));
  return reader.result(true).usage;
};
const sse = (...events: object[]) =>
  `${events.map((event) => `event: x\r\ndata: ${JSON.stringify(event)}\r\n`).join('\r\n')}\r\ndata: [DONE]\r\n\r\n`;

describe('usage', () => {
  const cases: [UsageForm, string, string, object][] = [
    [
      'google',
      'application/json',
      JSON.stringify({
        usageMetadata: {
          promptTokenCount: 10,
          candidatesTokenCount: 2,
          thoughtsTokenCount: 3,
          cachedContentTokenCount: 4,
        },
      }),
      { input_tokens: 10, output_tokens: 5, cache_read_tokens: 4 },
    ],
    [
      'google',
      'text/event-stream',
      sse(
        { usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 1 } },
        { text: 'ä€😀' },
        { candidates: [{ finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 6 } },
      ),
      { input_tokens: 10, output_tokens: 6 },
    ],
    [
      'google',
      'application/json',
      JSON.stringify([
        { usageMetadata: { promptTokenCount: 3 } },
        { usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 9 } },
      ]),
      { input_tokens: 3, output_tokens: 9 },
    ],
    [
      'anthropic',
      'text/event-stream',
      sse(
        {
          type: 'message_start',
          message: { usage: { input_tokens: 5, cache_read_input_tokens: 20, output_tokens: 1 } },
        },
        { type: 'message_delta', usage: { output_tokens: 30 } },
      ),
      { input_tokens: 25, cache_read_tokens: 20, output_tokens: 30 },
    ],
    [
      'chat',
      'text/event-stream',
      sse(
        { choices: [{ finish_reason: 'stop' }], usage: null },
        { choices: [], usage: { prompt_tokens: 8, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 2 } } },
      ),
      { input_tokens: 8, output_tokens: 4, cache_read_tokens: 2 },
    ],
    [
      'responses',
      'text/event-stream',
      sse({
        type: 'response.completed',
        response: { usage: { input_tokens: 8, output_tokens: 4, input_tokens_details: { cached_tokens: 2 } } },
      }),
      { input_tokens: 8, output_tokens: 4, cache_read_tokens: 2 },
    ],
  ];
  test.each(cases)('%s %s', (form, type, text, expected) => {
    expect(read(form, type, text)).toMatchObject(expected);
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { maxLength: 6 }), (cuts) => {
        expect(read(form, type, text, cuts)).toMatchObject(expected);
      }),
    );
  });
  test.each<[string, object, object | undefined]>([
    ['seconds of Groq', { queue_time: 0.03, total_time: 1.5 }, { input_tokens: 9, output_tokens: 4 }],
    [
      'dollars of OpenRouter',
      { cost: 0.0012, cost_details: { upstream: 0.001 } },
      { input_tokens: 9, output_tokens: 4 },
    ],
    ['a fraction of a token', { prompt_tokens: 9.5 }, undefined],
    ['less than no token', { prompt_tokens_details: { cached_tokens: -1 } }, undefined],
  ])('other numbers beside the counts: %s', (_what, more, expected) => {
    const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13, ...more };
    const found = read('chat', 'application/json', JSON.stringify({ usage }));
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(expected);
  });
  test('a cost that is no count is none', () => {
    const usage = { input_tokens: 1, output_tokens: Number.MAX_SAFE_INTEGER };
    expect(costMicros({ list: 'openai' }, 'gpt-4.1', usage)).toBeUndefined();
  });
  test.each([['{}'], ['not json'], [''], ['{"usageMetadata":"none"}'], ['null']])('%s tells none', (text) => {
    expect(read('google', 'application/json', text)).toBeUndefined();
  });
});

describe('price', () => {
  test('is never above the worst case that was reserved for it', () => {
    const models: [ProviderKind, string][] = [
      ['google', 'gemini-2.5-pro'],
      ['anthropic', 'claude-sonnet-4-5'],
      ['openai', 'gpt-5'],
    ];
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        fc.nat(300_000),
        fc.nat(60_000),
        share,
        share,
        share,
        ([provider, model], bytes, maxOutput, i, o, c) => {
          const input = Math.floor(bytes * i);
          const cached = Math.floor(input * c);
          const usage = {
            input_tokens: input,
            output_tokens: Math.floor(maxOutput * o),
            cache_read_tokens: cached,
            ...(provider === 'anthropic' ? { cache_write_tokens: input - cached } : {}),
          };
          const worst = worstCaseMicros({ kind: provider, prices: { list: provider } }, model, {
            inputBytes: bytes,
            refersOutside: false,
            maxOutput,
            answers: 1,
          });
          // the context window bounds the input of the worst case, as it does at the vendor
          fc.pre(bytes <= 200_000);
          expect(costMicros({ list: provider }, model, usage)).toBeLessThanOrEqual(worst ?? -1);
        },
      ),
    );
  });
  test('an unknown provider has none; an unknown model has that of the dearest model of the list', () => {
    const usage = { input_tokens: 1_000, output_tokens: 1_000 };
    const unknown = costMicros({ list: 'google' }, 'gemini-unheard-of', usage) ?? -1;
    for (const model of ['gemini-2.5-pro', 'gemini-2.5-flash', 'claude-fable-5'])
      expect(unknown).toBeGreaterThanOrEqual(costMicros({ list: 'google' }, model, usage) ?? Number.NaN);
    expect(costMicros({ list: 'nobody' }, 'gemini-2.5-pro', { input_tokens: 1 })).toBeUndefined();
  });
});

describe('dialects', () => {
  const of = (provider: ProviderKind, path: string, body: Record<string, unknown>) =>
    dialects[provider].read('POST', path, body);
  test('name, model and limit of each call', () => {
    expect(
      of('google', 'v1beta/models/gemini-2.5-pro:streamGenerateContent', {
        generationConfig: { maxOutputTokens: 5, candidateCount: 2 },
      }),
    ).toMatchObject({ kind: 'streamGenerateContent', model: 'gemini-2.5-pro', maxOutput: 5, answers: 2, free: false });
    expect(of('anthropic', 'v1/messages', { model: 'c', max_tokens: 9, stream: true })).toMatchObject({
      kind: 'messages.stream',
      model: 'c',
      maxOutput: 9,
    });
    expect(of('anthropic', 'v1/messages/count_tokens', { model: 'c' })).toMatchObject({
      kind: 'count_tokens',
      free: true,
    });
    expect(of('openai', 'v1/responses', { model: 'g', max_output_tokens: 3, n: 1 })).toMatchObject({
      kind: 'responses',
      maxOutput: 3,
    });
    expect(of('openai', 'v1/chat/completions', { model: 'g', stream: true })?.limited(7)).toEqual({
      model: 'g',
      stream: true,
      max_completion_tokens: 7,
      stream_options: { include_usage: true },
    });
    expect(of('openai', 'v1/chat/completions', { model: 'g', max_tokens: 4 })?.limited(7)).toEqual({
      model: 'g',
      max_tokens: 4,
    });
  });
  test('other paths and methods are none', () => {
    for (const [provider, path] of [
      ['google', 'v1beta/files'],
      ['google', 'v1beta/models/../x:generateContent'],
      ['anthropic', 'v1/files'],
      ['openai', 'v1/files'],
      ['openai', 'v1/chat/completions/'],
    ] as const)
      expect([path, of(provider, path, {})]).toEqual([path, undefined]);
    expect(dialects.openai?.read('GET', 'v1/responses', {})).toBeUndefined();
  });
  test("tools the vendor runs are named, the agent's own are not", () => {
    expect(
      of('google', 'v1/models/m:generateContent', { tools: [{ functionDeclarations: [] }, { urlContext: {} }] })
        ?.hostedTool,
    ).toBe('urlContext');
    expect(
      of('google', 'v1/models/m:generateContent', { tools: [{ functionDeclarations: [] }] })?.hostedTool,
    ).toBeUndefined();
    expect(
      of('anthropic', 'v1/messages', { tools: [{ name: 'x' }, { type: 'web_search_20250305' }] })?.hostedTool,
    ).toBe('web_search_20250305');
    expect(
      of('anthropic', 'v1/messages', {
        tools: [{ type: 'text_editor_20250728' }, { type: 'bash_20250124' }, { name: 'x' }],
      })?.hostedTool,
    ).toBeUndefined();
    expect(of('anthropic', 'v1/messages', { mcp_servers: [] })?.hostedTool).toBe('mcp_servers');
    expect(of('openai', 'v1/responses', { tools: [{ type: 'function' }, { type: 'mcp' }] })?.hostedTool).toBe('mcp');
  });
  test('content kept by the vendor is noticed', () => {
    expect(of('openai', 'v1/responses', { previous_response_id: 'r' })?.refersOutside).toBe(true);
    expect(of('openai', 'v1/responses', { previous_response_id: null })?.refersOutside).toBe(false);
    expect(of('google', 'v1/models/m:generateContent', { cachedContent: 'c' })?.refersOutside).toBe(true);
  });
});

test('replay: the n-th call of a model and kind, apart from the others', () => {
  const answer = (kind: string, body: string, model?: string) => ({
    kind,
    status: 200,
    headers: {},
    body,
    ...defined({ model }),
  });
  const next = replayer({
    provider: 'p',
    model: 'a',
    calls: [answer('x', '1'), answer('y', '2'), answer('x', '3', 'b'), answer('x', '4')],
  });
  expect([
    next('a', 'x')?.body,
    next('b', 'x')?.body,
    next('a', 'x')?.body,
    next('a', 'y')?.body,
    next('a', 'x'),
    next('b', 'y'),
  ]).toEqual(['1', '3', '4', '2', undefined, undefined]);
});
