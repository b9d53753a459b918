/** How calls of a model end, and what each is charged; what the gateway does when the provider fails. */
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
const limit = { max_tokens: 2_000 };
const ask = (gateway: Gateway, body: object = {}) =>
  gateway.post('/model/anthropic/v1/messages', { model: sonnet, messages, ...limit, ...body });
const endpointOf = (baseUrl: string) => ({ kind: 'anthropic' as const, baseUrl, prices: { list: 'anthropic' } });
async function gatewayFor(answer: Answering, model: object = {}, limits = {}) {
  const vendor = await kit.vendor(answer);
  const given = { provider: 'anthropic', key: 'k', endpoint: endpointOf(vendor.url), ...model };
  return { vendor, gateway: await kit.gateway(given, limits) };
}
const names = (gateway: Gateway) => gateway.told.flatMap((m) => (m.type === 'failure' ? [m.name] : []));
const log = (gateway: Gateway) =>
  gateway.told.flatMap((m) => (m.type === 'event' && m.event.type === 'log' ? [m.event.text.trim()] : []));

const start = { type: 'message_start', message: { usage: { input_tokens: 100, output_tokens: 1 } } };
const text = { type: 'content_block_delta', delta: { type: 'text_delta', text: 'x' } };
const end = { type: 'message_delta', usage: { output_tokens: 50 } };
const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
const line = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const raw =
  (body: string): Answering =>
  (_asked, response) =>
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(body);
/** Events, and then what a test does with the connection. */
const begun =
  (values: unknown[], then: (response: Parameters<Answering>[1]) => void): Answering =>
  (_asked, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(values.map(line).join(''), () => then(response));
  };

describe('an ending decides what is charged', () => {
  const cut = (response: Parameters<Answering>[1]) => response.socket?.resetAndDestroy();
  test.each<[string, Answering, string, 'reported' | 'worst' | 'nothing']>([
    ['complete', events(start, text, end), 'usage', 'reported'],
    ['complete, in one piece', json({ usage: { input_tokens: 100, output_tokens: 50 } }), 'usage', 'reported'],
    ['the connection is reset', begun([start, text], cut), 'cut', 'worst'],
    ['the stream ends before its report', events(start, text), 'cut', 'worst'],
    ['an error after the beginning', events(start, text, overloaded), 'error', 'worst'],
    ['an error as the first event', events(overloaded), 'failed', 'nothing'],
    ['an error after content that is not an object', events([text], overloaded), 'error', 'worst'],
    [
      'an error after content behind a byte order mark',
      raw(`\ufeff${line(text)}${line(overloaded)}`),
      'error',
      'worst',
    ],
    [
      'an error after content behind blanks',
      raw(`data: ${' '.repeat(60)}${line(text).slice(6)}${line(overloaded)}`),
      'error',
      'worst',
    ],
    [
      'an error with names, comments and an end',
      raw(`: hi\n\nevent: error\n${line(overloaded)}data: [DONE]\n\n`),
      'failed',
      'nothing',
    ],
    ['an error after the report', events(start, text, end, overloaded), 'usage', 'reported'],
    ['no usage', json({ content: [] }), 'no-usage', 'worst'],
    ['an answer that is not JSON', (_a, r) => r.writeHead(200).end('<html>'), 'no-usage', 'worst'],
    ['400', json({ error: { type: 'invalid_request_error' } }, 400), 'failed', 'nothing'],
    ['401', json({ error: {} }, 401), 'failed', 'nothing'],
    ['429', json({ error: {} }, 429), 'failed', 'nothing'],
    ['500', json({ error: {} }, 500), 'failed', 'nothing'],
    ['529', json({ error: {} }, 529), 'failed', 'nothing'],
    ['reset before an answer', (_a, response) => response.socket?.resetAndDestroy(), 'cut', 'worst'],
  ])('%s', async (_what, answer, charged, amount) => {
    const { gateway } = await gatewayFor(answer);
    await ask(gateway, { stream: true });
    const [call] = gateway.calls();
    expect(call?.charged).toBe(charged);
    const reported = costMicros({ list: 'anthropic' }, sonnet, { input_tokens: 100, output_tokens: 50 });
    if (amount === 'reported') expect(call?.usdMicros).toBe(reported);
    else if (amount === 'nothing') expect(call?.usdMicros).toBe(0);
    else expect(call?.usdMicros).toBeGreaterThan(reported ?? 0);
    expect(call?.state).toBe(amount === 'worst' ? 'reserved' : 'settled');
    // The next call is made and charged, whatever became of this one.
    const { gateway: again } = await gatewayFor(events(start, end));
    expect((await ask(again)).status).toBe(200);
  });

  test('nobody listens at the provider: nothing was sent, and nothing is charged', async () => {
    const { vendor, gateway } = await gatewayFor(json({}));
    vendor.stop();
    const answer = await ask(gateway);
    expect([answer.status, answer.body.toString()]).toEqual([502, expect.stringContaining('ECONNREFUSED')]);
    expect(gateway.calls()).toMatchObject([{ charged: 'not-sent', usdMicros: 0 }]);
  });

  test('silence in the middle of a stream ends the call, which keeps its worst case', async () => {
    const { gateway } = await gatewayFor(
      begun([start, text], () => undefined),
      {},
      { modelIdleMs: 100 },
    );
    expect(await ask(gateway, { stream: true })).toMatchObject({ status: 200, cut: true });
    expect(gateway.calls()).toMatchObject([{ charged: 'cut', state: 'reserved' }]);
  });

  test('a slow drip is not silence', async () => {
    const drip = begun([], (response) => {
      const pieces = [start, text, text, text, end].map(line);
      const next = (): void => {
        const piece = pieces.shift();
        if (piece === undefined) response.end();
        else response.write(piece, () => setTimeout(next, 40));
      };
      next();
    });
    const { gateway } = await gatewayFor(drip, {}, { modelIdleMs: 400 });
    expect(await ask(gateway, { stream: true })).toMatchObject({ status: 200, cut: false });
    expect(gateway.calls()).toMatchObject([{ charged: 'usage' }]);
  });

  test('an answer of 50 MB is forwarded and not held', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'x');
    const huge = begun([], (response) => {
      let left = 50;
      const next = (): void => {
        if (left-- === 0) response.end();
        else response.write(piece, next);
      };
      next();
    });
    const { gateway } = await gatewayFor(huge);
    const answer = await ask(gateway, { stream: true });
    expect([answer.status, answer.body.length]).toEqual([200, 50 * piece.length]);
    expect(gateway.calls()).toMatchObject([{ charged: expect.stringMatching(/^(cut|no-usage)$/), state: 'reserved' }]);
  });

  test('retry-after reaches the agent, and the retry is charged once', async () => {
    const { vendor, gateway } = await gatewayFor((_asked, response) =>
      response.writeHead(429, { 'retry-after': '7', 'content-type': 'application/json' }).end('{"error":{}}'),
    );
    const first = await ask(gateway);
    expect([first.status, first.headers['retry-after']]).toEqual([429, '7']);
    vendor.answer = json({ usage: { input_tokens: 100, output_tokens: 50 } });
    expect((await ask(gateway)).status).toBe(200);
    expect(gateway.calls().map(({ usdMicros }) => usdMicros)).toEqual([0, 1_050]);
  });
});

describe('a list of models', () => {
  const models = { fallbacks: ['claude-haiku-4-5', 'claude-opus-4-5'] };
  const usage = { input_tokens: 1_000, output_tokens: 100 };
  const modelOf = (body: string): string => (JSON.parse(body) as { model: string }).model;

  test.each([429, 500, 503, 529])('%s: the next model is asked, at its own price', async (status) => {
    const { vendor, gateway } = await gatewayFor((asked, ...rest) => {
      const first = modelOf(asked.body) === sonnet;
      (first ? json({ error: {} }, status) : json({ usage }))(asked, ...rest);
    }, models);
    expect((await ask(gateway)).status).toBe(200);
    expect(vendor.asked.map(({ body }) => modelOf(body))).toEqual([sonnet, 'claude-haiku-4-5']);
    expect(gateway.calls()).toMatchObject([
      { model: sonnet, charged: 'failed', usdMicros: 0 },
      { model: 'claude-haiku-4-5', charged: 'usage', usdMicros: 1_500 },
    ]);
    expect(log(gateway)).toEqual([`anthropic/${sonnet} answered ${status}; claude-haiku-4-5 is asked instead`]);
  });

  test('the answer of the last one is the answer; a model of the list goes on from its place', async () => {
    const { vendor, gateway } = await gatewayFor(json({ error: {} }, 529), models);
    expect((await ask(gateway)).status).toBe(529);
    expect(vendor.asked).toHaveLength(3);
    await ask(gateway, { model: 'claude-opus-4-5' });
    expect(vendor.asked).toHaveLength(4);
  });

  test('400 is the fault of the request, and no other model is asked', async () => {
    const { vendor, gateway } = await gatewayFor(json({ error: {} }, 400), models);
    expect((await ask(gateway)).status).toBe(400);
    expect(vendor.asked).toHaveLength(1);
  });

  test('a model that the policy does not allow is left out', async () => {
    const { vendor, gateway } = await gatewayFor(json({ error: {} }, 529), {
      ...models,
      allow: [`anthropic/${sonnet}`, 'anthropic/claude-opus-4-5'],
    });
    await ask(gateway);
    expect(vendor.asked.map(({ body }) => modelOf(body))).toEqual([sonnet, 'claude-opus-4-5']);
  });

  test('a model for which the request is refused is left out', async () => {
    const vendor = await kit.vendor(json({ error: {} }, 529));
    const gateway = await kit.gateway({
      provider: 'openai',
      key: 'k',
      fallbacks: ['gpt-4o-search-preview', 'gpt-4.1-mini'],
      endpoint: { kind: 'openai', baseUrl: vendor.url, prices: { list: 'openai' } },
    });
    await gateway.post('/model/openai/v1/chat/completions', { model: 'gpt-4.1', messages, max_tokens: 50 });
    expect(vendor.asked.map(({ body }) => modelOf(body))).toEqual(['gpt-4.1', 'gpt-4.1-mini']);
  });

  test('Google: the model is in the path', async () => {
    const vendor = await kit.vendor((asked, ...rest) =>
      (asked.path.includes('2.5-pro')
        ? json({}, 503)
        : json({ usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 1 } }))(asked, ...rest),
    );
    const gateway = await kit.gateway({
      provider: 'google',
      key: 'k',
      fallbacks: ['gemini-2.5-flash'],
      endpoint: { kind: 'google', baseUrl: vendor.url, prices: { list: 'google' } },
    });
    const call = '/model/google/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse';
    expect((await gateway.post(call, { contents: [] })).status).toBe(200);
    expect(vendor.asked.map(({ path }) => path)).toEqual([
      '/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
      '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
    ]);
  });
});

describe('limits', () => {
  const usage = { input_tokens: 10, output_tokens: 10 };
  test('max_turns: the call after the last one is answered with 402 and ends the phase; failed ones do not count', async () => {
    const { vendor, gateway } = await gatewayFor(json({ error: {} }, 529), { maxTurns: 2 });
    await ask(gateway);
    vendor.answer = json({ usage });
    expect([(await ask(gateway)).status, (await ask(gateway)).status, (await ask(gateway)).status]).toEqual([
      200, 200, 402,
    ]);
    expect(names(gateway)).toEqual(['TurnsExhausted']);
    expect(vendor.asked).toHaveLength(3);
  });

  test('a limit above what the budget affords is lowered to it, down to a thousand tokens', async () => {
    // 2,500 tokens of input at most at 6 dollars per million, and 15 for the output: 20,000 tokens cost 0.3 dollars.
    const { vendor, gateway } = await gatewayFor(json({ usage }), { budgetMicros: 120_000 });
    expect((await ask(gateway, { max_tokens: 20_000 })).status).toBe(200);
    const sent = JSON.parse(vendor.asked[0]?.body ?? '') as { max_tokens: number };
    expect(sent.max_tokens).toBeGreaterThanOrEqual(1_024);
    expect(sent.max_tokens).toBeLessThan(7_000);
    const { gateway: poor } = await gatewayFor(json({ usage }), { budgetMicros: 20_000 });
    expect((await ask(poor, { max_tokens: 20_000 })).status).toBe(402);
    expect(names(poor)).toEqual(['BudgetExhausted']);
  });

  test('a lowered limit leaves room for the thinking that was asked for', async () => {
    const { vendor, gateway } = await gatewayFor(json({ usage }), { budgetMicros: 150_000 });
    const thinking = { type: 'enabled', budget_tokens: 4_000 };
    expect((await ask(gateway, { max_tokens: 20_000, thinking })).status).toBe(200);
    const sent = JSON.parse(vendor.asked[0]?.body ?? '') as { max_tokens: number };
    expect(sent.max_tokens).toBeGreaterThan(4_000);
  });
});
