/** What an agent or a provider may try with money and credentials, and what comes of it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { costMicros } from '../../../../core/money/price.ts';
import { type Answering, createKit, events, type Gateway, json, type Kit } from './kit.ts';

let kit: Kit;
beforeEach(() => {
  kit = createKit();
});
afterEach(() => kit.close());

const messages = [{ role: 'user', content: 'hello' }];
const sonnet = 'claude-sonnet-4-5';
const key = 'sk-ant-0123456789/+=abc"def';
const ask = (gateway: Gateway, body: object = {}, headers: Record<string, string> = {}) =>
  gateway.post('/model/anthropic/v1/messages', { model: sonnet, messages, max_tokens: 2_000, ...body }, { headers });
async function gatewayFor(answer: Answering, model: object = {}) {
  const vendor = await kit.vendor(answer);
  const endpoint = { kind: 'anthropic' as const, baseUrl: vendor.url, prices: { list: 'anthropic' } };
  return { vendor, gateway: await kit.gateway({ provider: 'anthropic', key, endpoint, ...model }) };
}
const usage = { input_tokens: 100, output_tokens: 50 };
const start = { type: 'message_start', message: { usage: { input_tokens: 100, output_tokens: 1 } } };
const text = { type: 'content_block_delta', delta: { type: 'text_delta', text: 'x' } };
const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };

describe('what a provider says wrongly is charged with the worst case', () => {
  test.each<[string, Answering, string]>([
    ['content after an error as the first event', events(overloaded, start, text), 'error'],
    ['an error beside content', json({ error: { message: 'x' }, choices: [{ delta: { content: 'x' } }] }), 'error'],
    [
      'a failed answer with output',
      json({ status: 'failed', error: { message: 'x' }, output: [{ type: 'message' }] }),
      'error',
    ],
    ['a negative part of the input', json({ usage: { ...usage, cache_read_input_tokens: -99 } }), 'no-usage'],
    [
      'a negative part of a part',
      json({ usage: { ...usage, cache_creation: { ephemeral_1h_input_tokens: -99 } } }),
      'no-usage',
    ],
    ['half a token', json({ usage: { input_tokens: 100, output_tokens: 0.5 } }), 'no-usage'],
    ['a number without end', json({ usage: { input_tokens: 1e300, output_tokens: 50 } }), 'no-usage'],
  ])('%s', async (_what, answer, charged) => {
    const { gateway } = await gatewayFor(answer);
    await ask(gateway, { stream: true });
    const [call] = gateway.calls();
    expect(call).toMatchObject({ charged, state: 'reserved' });
    expect(call?.usdMicros).toBeGreaterThan(costMicros({ list: 'anthropic' }, sonnet, usage) ?? 0);
  });
});

test.each<[string, string, object, object[], object]>([
  [
    'google',
    'v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
    { contents: [] },
    [{ candidates: [{ content: {} }], usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 1 } }],
    { candidates: [{ finishReason: 'STOP' }] },
  ],
  [
    'openai',
    'v1/chat/completions',
    { model: 'gpt-4.1', messages, stream: true },
    [{ choices: [{ delta: {} }], usage: { prompt_tokens: 9, completion_tokens: 1 } }],
    { choices: [{ finish_reason: 'stop' }] },
  ],
])('%s: a stream that ends in order before the answer does is cut', async (provider, call, body, begun, end) => {
  const vendor = await kit.vendor(events(...begun));
  const endpoint = { kind: provider as 'google' | 'openai', baseUrl: vendor.url, prices: { list: provider } };
  const gateway = await kit.gateway({ provider, key, endpoint });
  await gateway.post(`/model/${provider}/${call}`, body);
  vendor.answer = events(...begun, end);
  await gateway.post(`/model/${provider}/${call}`, body);
  expect(gateway.calls()).toMatchObject([
    { charged: 'cut', state: 'reserved' },
    { charged: 'usage', inputTokens: 9, outputTokens: 1 },
  ]);
});

describe('what an agent asks for is reserved', () => {
  test('thinking without a limit for the answer', async () => {
    const thinking = { type: 'enabled', budget_tokens: 100_000 };
    const { gateway } = await gatewayFor(json({}));
    await ask(gateway, { max_tokens: undefined, thinking });
    const output = costMicros({ list: 'anthropic' }, sonnet, { output_tokens: 100_000 });
    expect(gateway.calls()[0]?.usdMicros).toBeGreaterThan(output ?? 0);
  });

  test('a longer context than that of the list', async () => {
    const { gateway } = await gatewayFor(json({}));
    const long = { messages: [{ role: 'user', content: 'x'.repeat(1_000_000) }] };
    await ask(gateway, long, { 'anthropic-beta': 'tools-1,context-1m-2025-08-07' });
    const input = costMicros({ list: 'anthropic' }, sonnet, { input_tokens: 1_000_000 });
    expect(gateway.calls()[0]?.usdMicros).toBeGreaterThan(input ?? 0);
  });
});

describe('a provider that echoes its credential', () => {
  const echo: Answering = ({ headers }, response) => {
    const all = JSON.stringify(headers);
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': String(headers['x-api-key']) });
    // Each byte by itself, so that the credential is never in one piece.
    const bytes = [...Buffer.from(`data: ${all}\n\ndata: ${encodeURIComponent(key)} ${btoa(key)}\n\n`)];
    const next = (): void => {
      const byte = bytes.shift();
      if (byte === undefined) response.end();
      else response.write(Buffer.from([byte]), () => setImmediate(next));
    };
    next();
  };
  const forms = [key, JSON.stringify(key).slice(1, -1), encodeURIComponent(key), btoa(key)];

  test.each<[string, Answering]>([
    ['in a stream, across its pieces', echo],
    ['in an error', ({ headers }, response) => response.writeHead(401).end(JSON.stringify(headers))],
  ])('%s', async (_what, answer) => {
    const { gateway } = await gatewayFor(answer);
    const got = await ask(gateway, { stream: true });
    const seen = `${JSON.stringify(got.headers)}${got.body.toString()}${JSON.stringify(gateway.told)}`;
    expect(seen).toContain('[redacted]');
    for (const form of forms) expect(seen).not.toContain(form);
  });

  test('AWS, which repeats what was signed: no key, session token or signature', async () => {
    const keys = { accessKeyId: 'AKIAEXAMPLE0', secretAccessKey: 'very-secret-key', sessionToken: 'session/token+1' };
    let signature = '';
    const vendor = await kit.vendor(({ headers }, response) => {
      signature = /Signature=(\w+)/.exec(String(headers.authorization))?.[1] ?? '';
      response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ message: headers }));
    });
    const gateway = await kit.gateway({
      provider: 'bedrock',
      aws: keys,
      endpoint: { kind: 'bedrock', region: 'eu-central-1', baseUrl: vendor.url, prices: { list: 'aws' } },
    });
    const got = await gateway.post('/model/bedrock/model/anthropic.claude-x/converse', { messages: [] });
    expect([got.status, signature]).toEqual([403, expect.stringMatching(/^\w{64}$/)]);
    for (const secret of [...Object.values(keys), signature]) expect(got.body.toString()).not.toContain(secret);
  });

  test('an invalid service account is not told, and costs nothing', async () => {
    const serviceAccount = 'private-key-of-the-account';
    const endpoint = { kind: 'vertex' as const, region: 'global', project: 'acme', prices: { list: 'google' } };
    const gateway = await kit.gateway({ provider: 'vertex', serviceAccount, endpoint });
    for (const call of ['generateContent', 'countTokens']) {
      const got = await gateway.post(`/model/vertex/v1beta/models/gemini-2.5-pro:${call}`, { contents: [] });
      expect([got.status, got.body.toString()]).toEqual([502, expect.stringContaining('credential')]);
      expect(got.body.toString()).not.toContain('private-key');
    }
    expect(gateway.calls()).toMatchObject([{ charged: 'not-sent', usdMicros: 0 }]);
  });
});

test.each([
  ['model/%2e%2e/converse', {}],
  ['model/../converse', {}],
  ['model/..%2fx/converse', {}],
  ['model/arn:aws:bedrock:eu-west-1:1:x/converse', {}],
  ['model/x%3Fa/converse', {}],
  ['v1/messages', { model: 'arn:aws:bedrock:eu-west-1:1:x' }],
  ['v1/messages', { model: '../x' }],
])('Bedrock: %s %o is refused and not sent', async (path, body) => {
  const vendor = await kit.vendor(json({}));
  const endpoint = {
    kind: 'bedrock' as const,
    baseUrl: vendor.url,
    credential: 'none' as const,
    prices: { list: 'aws' },
  };
  const gateway = await kit.gateway({ provider: 'bedrock', endpoint, allow: ['**'] });
  expect((await gateway.post(`/model/bedrock/${path}`, { messages: [], max_tokens: 1, ...body })).status).toBe(403);
  expect(vendor.asked).toEqual([]);
});

test.each([
  [['openai/*'], 'org/model:free', 200],
  [['openai/org/*'], 'org/model', 200],
  [['openai/org/*'], 'ORG/model', 403],
  [['openai/gpt-4.1'], 'gpt-4x1', 403],
  [['!openai/gpt-4.1'], 'gpt-5', 403],
  [[], 'gpt-5', 403],
])('models.allow %j means for %s what it means in the policy', async (allow, model, status) => {
  const vendor = await kit.vendor(json({ usage: { prompt_tokens: 1, completion_tokens: 1 } }));
  const endpoint = { kind: 'openai' as const, baseUrl: vendor.url, prices: { list: 'openai' } };
  const gateway = await kit.gateway({ provider: 'openai', key, endpoint, allow });
  expect((await gateway.post('/model/openai/v1/chat/completions', { model, messages })).status).toBe(status);
});
