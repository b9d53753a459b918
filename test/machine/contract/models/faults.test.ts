/**
 * What every interface makes of a provider that fails: the call ends, the ledger says by which rule it is charged and how much, and a
 * retry works and is charged exactly.
 */
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProviderKind } from '../../../../core/models/endpoint.ts';
import { type Answering, createKit, frame, type Kit } from './kit.ts';

let kit: Kit;
beforeEach(() => {
  kit = createKit();
});
afterEach(() => kit.close());

/** An interface: its call in a stream, how an answer begins and ends in it, and what the whole answer costs. */
interface Interface {
  kind: ProviderKind;
  list: string;
  target: string;
  body: object;
  /** Events before the end, and of the end; for Bedrock with the names of their frames. */
  start: [string, object][];
  end: [string, object][];
  error: [string, object];
  framed?: true;
  micros: number;
}

const messages = [{ role: 'user', content: 'hello' }];
const contents = [{ role: 'user', parts: [{ text: 'hello' }] }];
const haiku = 'eu.anthropic.claude-haiku-4-5-20251001-v1:0';
const inner = (event: object) => ({ bytes: Buffer.from(JSON.stringify(event)).toString('base64') });
const begun = { type: 'message_start', message: { usage: { input_tokens: 100, output_tokens: 1 } } };
const ended = { type: 'message_delta', usage: { output_tokens: 50 } };
const google: Omit<Interface, 'kind'> = {
  list: 'google',
  target: 'v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
  body: { contents },
  start: [['', { candidates: [{ content: { parts: [{ text: 'x' }] } }] }]],
  end: [
    [
      '',
      {
        candidates: [{ finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 50, totalTokenCount: 150 },
      },
    ],
  ],
  error: ['', { error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } }],
  micros: 155, // 100 × 0.3 + 50 × 2.5
};
const interfaces: Record<string, Interface> = {
  'OpenAI responses': {
    kind: 'openai',
    list: 'openai',
    target: 'v1/responses',
    body: { model: 'gpt-5', input: 'hello', stream: true, max_output_tokens: 2_000 },
    start: [['', { type: 'response.output_text.delta', delta: 'x' }]],
    end: [
      [
        '',
        {
          type: 'response.completed',
          response: { status: 'completed', usage: { input_tokens: 100, output_tokens: 50, total_tokens: 150 } },
        },
      ],
    ],
    error: ['', { type: 'error', code: 'server_error', message: 'overloaded', param: null, sequence_number: 1 }],
    micros: 625, // 100 × 1.25 + 50 × 10
  },
  'OpenAI chat': {
    kind: 'openai',
    list: 'openai',
    target: 'v1/chat/completions',
    body: { model: 'gpt-5', messages, stream: true, max_completion_tokens: 2_000 },
    start: [['', { choices: [{ delta: { content: 'x' }, finish_reason: null }], usage: null }]],
    end: [
      ['', { choices: [{ delta: {}, finish_reason: 'stop' }], usage: null }],
      ['', { choices: [], usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 } }],
    ],
    error: ['', { error: { type: 'server_error', message: 'overloaded' } }],
    micros: 625,
  },
  Anthropic: {
    kind: 'anthropic',
    list: 'anthropic',
    target: 'v1/messages',
    body: { model: 'claude-haiku-4-5', messages, stream: true, max_tokens: 2_000 },
    start: [
      ['', begun],
      ['', { type: 'content_block_delta', delta: { text: 'x' } }],
    ],
    end: [['', ended]],
    error: ['', { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }],
    micros: 350, // 100 × 1 + 50 × 5
  },
  Google: { kind: 'google', ...google },
  Vertex: { kind: 'vertex', ...google },
  'Bedrock Converse': {
    kind: 'bedrock',
    list: 'aws',
    target: `model/${encodeURIComponent(haiku)}/converse-stream`,
    body: { messages: [{ role: 'user', content: [{ text: 'hello' }] }], inferenceConfig: { maxTokens: 2_000 } },
    start: [['contentBlockDelta', { delta: { text: 'x' } }]],
    end: [['metadata', { usage: { inputTokens: 100, outputTokens: 50, totalTokens: 150 } }]],
    error: ['modelStreamErrorException', { message: 'overloaded', originalStatusCode: 503 }],
    framed: true,
    micros: 385, // 100 × 1.1 + 50 × 5.5
  },
  'Bedrock invoke': {
    kind: 'bedrock',
    list: 'aws',
    target: `model/${encodeURIComponent(haiku)}/invoke-with-response-stream`,
    body: { anthropic_version: 'bedrock-2023-05-31', messages, max_tokens: 2_000 },
    start: [['chunk', inner(begun)]],
    end: [['chunk', inner(ended)]],
    error: ['throttlingException', { message: 'Too many tokens, please wait before trying again.' }],
    framed: true,
    micros: 385,
  },
};

const bytesOf = ({ framed }: Interface, events: [string, object][]): Buffer =>
  Buffer.concat(
    events.map(([name, event]) => (framed ? frame(name, event) : Buffer.from(`data: ${JSON.stringify(event)}\n\n`))),
  );
const stream = (one: Interface, response: ServerResponse) =>
  response.writeHead(200, {
    'content-type': one.framed ? 'application/vnd.amazon.eventstream' : 'text/event-stream',
  });
const whole = (one: Interface): Answering => {
  return (_asked, response) => stream(one, response).end(bytesOf(one, [...one.start, ...one.end]));
};
const reset = (response: ServerResponse) => response.socket?.resetAndDestroy();

interface Fault {
  what: string;
  answer(one: Interface): Answering;
  /** Whether the gateway has to wait until it gives up. */
  silent?: true;
  /** What the agent gets. */
  status: number;
  cut?: true;
  charged: 'usage' | 'failed' | 'cut' | 'error' | 'no-usage';
  also?(got: { headers: Record<string, unknown>; body: Buffer }): void;
}
const failed = (
  status: number,
  headers: Record<string, string> = {},
): Pick<Fault, 'answer' | 'status' | 'charged'> => ({
  answer: () => (_asked, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end('{"error":{"message":"later"}}'),
  status,
  charged: 'failed',
});
const retryAfter = (value: string | undefined): NonNullable<Fault['also']> => {
  return ({ headers }) => expect(headers['retry-after']).toBe(value);
};

const faults: Fault[] = [
  { what: '429 with retry-after', ...failed(429, { 'retry-after': '7' }), also: retryAfter('7') },
  { what: '429 without it', ...failed(429), also: retryAfter(undefined) },
  { what: '500', ...failed(500) },
  { what: '529', ...failed(529) },
  {
    what: 'a reset before the answer',
    answer: () => (_asked, response) => reset(response),
    status: 502,
    charged: 'cut',
  },
  {
    what: 'a reset in the middle',
    answer: (one) => (_asked, response) => stream(one, response).write(bytesOf(one, one.start), () => reset(response)),
    status: 200,
    cut: true,
    charged: 'cut',
  },
  {
    what: 'an end before the end',
    answer: (one) => (_asked, response) => stream(one, response).end(bytesOf(one, one.start)),
    status: 200,
    charged: 'cut',
  },
  {
    what: 'silence in the middle',
    silent: true,
    answer: (one) => (_asked, response) => stream(one, response).write(bytesOf(one, one.start)),
    status: 200,
    cut: true,
    charged: 'cut',
  },
  {
    what: 'headers that do not come',
    silent: true,
    answer: () => () => undefined,
    status: 502,
    charged: 'cut',
  },
  {
    what: 'headers that do not end, one at a time',
    silent: true,
    answer: () => (_asked, response) => {
      const { socket } = response;
      socket?.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket?.write('x: y\r\n'), 50);
      socket?.once('close', () => clearInterval(timer)).on('error', () => undefined);
    },
    status: 502,
    charged: 'cut',
  },
  {
    what: 'headers of a megabyte',
    answer: () => (_asked, response) =>
      response.socket?.write(`HTTP/1.1 200 OK\r\n${`x: ${'y'.repeat(1_000)}\r\n`.repeat(1_000)}\r\n`),
    status: 502,
    charged: 'cut',
  },
  {
    what: 'a slow drip',
    answer: (one) => (_asked, response) => {
      stream(one, response);
      const bytes = bytesOf(one, [...one.start, ...one.end]);
      const size = Math.ceil(bytes.length / 8);
      const next = (from: number): void => {
        if (from >= bytes.length) response.end();
        else response.write(bytes.subarray(from, from + size), () => setTimeout(next, 20, from + size));
      };
      next(0);
    },
    status: 200,
    charged: 'usage',
  },
  {
    what: 'invalid JSON',
    answer: () => (_asked, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"usage": {"input_tok'),
    status: 200,
    charged: 'no-usage',
  },
  {
    what: 'invalid events',
    answer: (one) => (_asked, response) => stream(one, response).end('data: {"usage": {"input_tok\n\n'.repeat(9)),
    status: 200,
    charged: 'cut',
  },
  {
    what: 'a body of 50 MB',
    answer: () => (_asked, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const piece = Buffer.alloc(1024 * 1024, ' ');
      const next = (left: number): void => {
        if (left === 0) response.end('{}');
        else response.write(piece, () => next(left - 1));
      };
      next(50);
    },
    status: 200,
    charged: 'no-usage',
    also: ({ body }) => expect(body.length).toBe(50 * 1024 * 1024 + 2),
  },
  {
    what: 'an error event and nothing else',
    answer: (one) => (_asked, response) => stream(one, response).end(bytesOf(one, [one.error])),
    status: 200,
    charged: 'failed',
  },
  {
    what: 'an error event after the beginning',
    answer: (one) => (_asked, response) => stream(one, response).end(bytesOf(one, [...one.start, one.error])),
    status: 200,
    charged: 'error',
  },
];

describe.each(Object.entries(interfaces))('%s', (_name, one) => {
  async function gatewayFor(answer: Answering, silent = false) {
    const vendor = await kit.vendor(answer);
    const endpoint = {
      kind: one.kind,
      baseUrl: vendor.url,
      project: 'acme',
      region: 'global',
      prices: { list: one.list },
    };
    const gateway = await kit.gateway({ provider: 'acme', key: 'k', endpoint }, { modelIdleMs: silent ? 300 : 60_000 });
    return { vendor, gateway, ask: () => gateway.post(`/model/acme/${one.target}`, one.body) };
  }

  test.each(faults.map((fault) => [fault.what, fault] as const))('%s', async (_what, fault) => {
    const { vendor, gateway, ask } = await gatewayFor(fault.answer(one), fault.silent);
    const got = await ask();
    // Responses and Converse report their usage with the end only: without it the usage is missing.
    const late = one.target === 'v1/responses' || one.target.endsWith('converse-stream');
    const ends = fault.charged === 'cut' && !fault.cut && fault.status === 200 && late;
    expect([got.status, got.cut]).toEqual([fault.status, fault.cut ?? false]);
    fault.also?.(got);
    vendor.answer = whole(one);
    expect((await ask()).status).toBe(200);
    const [first, second, ...more] = gateway.calls();
    expect(more).toEqual([]);
    expect(second).toMatchObject({ charged: 'usage', usdMicros: one.micros, state: 'settled' });
    const charged = ends ? 'no-usage' : fault.charged;
    if (fault.charged === 'usage') expect(first).toMatchObject({ charged, usdMicros: one.micros, state: 'settled' });
    else if (fault.charged === 'failed') expect(first).toMatchObject({ charged, usdMicros: 0, state: 'settled' });
    else {
      // What was reserved, which no answer can exceed: the same for each call with this body.
      const { gateway: other, ask: again } = await gatewayFor((_asked, response) => reset(response));
      await again();
      expect(first).toMatchObject({ charged, usdMicros: other.calls()[0]?.usdMicros, state: 'reserved' });
      expect(first?.usdMicros).toBeGreaterThan(one.micros);
    }
  });
});
