/** The ledger is the model's own count, to the micro-dollar, whatever the calls do; and no cap is exceeded. */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createKit, type Gateway, type Kit } from './kit.ts';

let kit: Kit;
beforeEach(() => {
  kit = createKit();
});
afterEach(() => kit.close());

/** One call as the provider sees it. */
interface Scripted {
  input: number;
  cached: number;
  written: number;
  output: number;
  /** What the provider does: answers, refuses once and then answers, answers with an overload, cuts the stream. */
  does: 'answers' | 'refuses' | 'overloaded' | 'cuts';
  stream: boolean;
  /** Whether the agent hangs up at once; the provider works and charges all the same. */
  leaves: boolean;
}

const scripted: fc.Arbitrary<Scripted> = fc
  .record({
    input: fc.nat(4_000),
    cachedShare: fc.nat(100),
    written: fc.nat(1_000),
    output: fc.integer({ min: 1, max: 900 }),
    does: fc.constantFrom('answers', 'answers', 'answers', 'refuses', 'overloaded', 'cuts' as const),
    stream: fc.boolean(),
    leaves: fc.boolean(),
  })
  .map(({ cachedShare, ...rest }) => ({
    ...rest,
    does: rest.does as Scripted['does'],
    cached: Math.floor((rest.input * cachedShare) / 100),
  }));

/** Prices that leave fractions of a micro-dollar: dollars per million tokens. */
const prices = {
  'model-a': { input: 3, cached_input: 0.3, cache_write: 3.75, output: 15 },
  'model-b': { input: 0.07, cached_input: 0.007, cache_write: 0.09, output: 0.33 },
};
/** Whole micro-dollars, rounded up, counted in thousandths with integers. */
function chargeOf(model: keyof typeof prices, { input, cached, written, output }: Scripted): number {
  const price = prices[model];
  const thousandths = (usd: number): bigint => BigInt(Math.round(usd * 1_000));
  const sum =
    BigInt(input - cached) * thousandths(price.input) +
    BigInt(cached) * thousandths(price.cached_input) +
    BigInt(written) * thousandths(price.cache_write) +
    BigInt(output) * thousandths(price.output);
  return Number((sum + 999n) / 1_000n);
}

/** A provider that follows the script in its request, and keeps its own books. */
async function provider() {
  let charged = 0;
  const refusedOnce = new Set<string>();
  const vendor = await kit.vendor(({ body }, response) => {
    const { model, metadata, stream } = JSON.parse(body) as {
      model: keyof typeof prices;
      metadata: { user_id: string };
      stream?: boolean;
    };
    const { id, script } = JSON.parse(metadata.user_id) as { id: string; script: Scripted };
    const error = (status: number) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":{"type":"error"}}');
    if (script.does === 'refuses' && !refusedOnce.has(id)) {
      refusedOnce.add(id);
      error(400);
      return;
    }
    if (script.does === 'overloaded' && model === 'model-a') {
      error(529);
      return;
    }
    const cost = chargeOf(model, script);
    const input = {
      input_tokens: script.input - script.cached,
      cache_read_input_tokens: script.cached,
      cache_creation_input_tokens: script.written,
    };
    if (script.does === 'cuts') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const first = { type: 'message_start', message: { usage: { ...input, output_tokens: 1 } } };
      response.write(`data: ${JSON.stringify(first)}\n\n`, () => response.socket?.resetAndDestroy());
      return;
    }
    charged += cost;
    if (stream === true) {
      const parts = [
        { type: 'message_start', message: { usage: { ...input, output_tokens: 1 } } },
        { type: 'message_delta', usage: { output_tokens: script.output } },
      ];
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(parts.map((part) => `data: ${JSON.stringify(part)}\n\n`).join(''));
    } else {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ usage: { ...input, output_tokens: script.output } }));
    }
  });
  return { vendor, charged: () => charged };
}

/** An agent that makes its calls one after another, and tries once more where it was refused. */
async function agent(gateway: Gateway, name: string, scripts: readonly Scripted[]): Promise<void> {
  for (const [index, script] of scripts.entries()) {
    const body = {
      model: 'model-a',
      max_tokens: 1_000,
      stream: script.stream,
      messages: [{ role: 'user', content: 'x'.repeat(script.input + script.written) }],
      metadata: { user_id: JSON.stringify({ id: `${name} ${index}`, script }) },
    };
    const send = () => gateway.post('/model/acme/v1/messages', body);
    if (script.leaves) {
      const leaving = AbortSignal.timeout(1);
      await gateway.post('/model/acme/v1/messages', body, { signal: leaving }).catch(() => undefined);
    } else if ((await send()).status === 400) await send();
  }
}

/** Resolves when every call has an entry that says how it ended. */
async function settled(gateway: Gateway): Promise<void> {
  while (gateway.calls().some(({ charged }) => charged === undefined)) await new Promise((done) => setTimeout(done, 5));
}

test('eight runs at a time: each ledger is what the provider charged', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(scripted, { minLength: 1, maxLength: 5 }), { minLength: 8, maxLength: 8 }),
      async (runs) => {
        const books = await Promise.all(
          runs.map(async (scripts, run) => {
            const { vendor, charged } = await provider();
            const gateway = await kit.gateway({
              provider: 'acme',
              key: 'k',
              fallbacks: ['model-b'],
              endpoint: { kind: 'anthropic', baseUrl: vendor.url, prices: { own: prices } },
            });
            await agent(gateway, String(run), scripts);
            await settled(gateway);
            const calls = gateway.calls();
            const sum = (of: typeof calls) => of.reduce((total, { usdMicros }) => total + usdMicros, 0);
            return { ledger: sum(calls.filter((call) => call.charged === 'usage')), charged: charged(), calls };
          }),
        );
        for (const { ledger, charged, calls } of books) {
          expect(ledger).toBe(charged);
          for (const call of calls) expect(call.state === 'reserved').toBe(call.charged === 'cut');
        }
      },
    ),
    { numRuns: 8 },
  );
});

test('no cap is exceeded, neither by what is charged nor by what the provider could have charged', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(scripted, { minLength: 4, maxLength: 12 }),
      fc.integer({ min: 0, max: 200_000 }),
      async (scripts, budgetMicros) => {
        const { vendor, charged } = await provider();
        const gateway = await kit.gateway({
          provider: 'acme',
          key: 'k',
          budgetMicros,
          endpoint: { kind: 'anthropic', baseUrl: vendor.url, prices: { own: prices } },
        });
        // Two agents of one phase share its budget.
        await Promise.all([agent(gateway, 'a', scripts.slice(2)), agent(gateway, 'b', scripts.slice(0, 2))]);
        await settled(gateway);
        const total = gateway.calls().reduce((sum, { usdMicros }) => sum + usdMicros, 0);
        expect(total).toBeLessThanOrEqual(budgetMicros);
        expect(charged()).toBeLessThanOrEqual(total);
      },
    ),
    { numRuns: 20 },
  );
});
