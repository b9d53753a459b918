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
  writtenForHour: number;
  output: number;
  /** What the provider does with the call. */
  does: (typeof deeds)[number];
  stream: boolean;
  /** When the agent hangs up; the provider works and charges all the same. */
  leaves: 'never' | 'at once' | 'midway';
}
const deeds = [
  'answers',
  'answers',
  'answers',
  /** 400 once; the agent asks again. */
  'refuses',
  /** 429 twice for every model of the list, then an answer. */
  'limits',
  /** 529 for the first model of the list, for the first two. */
  'overloaded',
  'overloaded twice',
  /** A stream that is cut off, or that has an error after its beginning. */
  'cuts',
  'breaks',
] as const;

const scripted: fc.Arbitrary<Scripted> = fc
  .record({
    input: fc.nat(4_000),
    cachedShare: fc.nat(100),
    written: fc.nat(1_000),
    hourShare: fc.nat(100),
    output: fc.integer({ min: 1, max: 900 }),
    does: fc.constantFrom(...deeds),
    stream: fc.boolean(),
    leaves: fc.constantFrom('never', 'never', 'never', 'at once', 'midway' as const),
  })
  .map(({ cachedShare, hourShare, ...rest }) => ({
    ...rest,
    does: rest.does as Scripted['does'],
    leaves: rest.leaves as Scripted['leaves'],
    cached: Math.floor((rest.input * cachedShare) / 100),
    writtenForHour: Math.floor((rest.written * hourShare) / 100),
  }));

/** Prices that leave fractions of a micro-dollar: dollars per million tokens. */
const prices = {
  'model-a': { input: 3, cached_input: 0.3, cache_write: 3.75, cache_write_1h: 6, output: 15 },
  'model-b': { input: 0.07, cached_input: 0.007, cache_write: 0.09, cache_write_1h: 0.14, output: 0.33 },
  'model-c': { input: 0.5, cached_input: 0.05, output: 1.501 },
};
type Model = keyof typeof prices;

/** Whole micro-dollars, rounded up, counted in thousandths with integers. */
function chargeOf(model: Model, { input, cached, written, writtenForHour, output }: Scripted): number {
  const price: { input: number; cached_input: number; cache_write?: number; cache_write_1h?: number; output: number } =
    prices[model];
  const thousandths = (usd: number): bigint => BigInt(Math.round(usd * 1_000));
  const sum =
    BigInt(input - cached) * thousandths(price.input) +
    BigInt(cached) * thousandths(price.cached_input) +
    BigInt(written - writtenForHour) * thousandths(price.cache_write ?? price.input) +
    BigInt(writtenForHour) * thousandths(price.cache_write_1h ?? price.input) +
    BigInt(output) * thousandths(price.output);
  return Number((sum + 999n) / 1_000n);
}

/** Whether the provider refuses the n-th try of a call for a model, and how. */
function refusal(does: Scripted['does'], model: Model, tries: number): number | undefined {
  if (does === 'refuses' && tries === 1) return 400;
  if (does === 'limits' && tries <= 2) return 429;
  if (does === 'overloaded' && model === 'model-a') return 529;
  if (does === 'overloaded twice' && model !== 'model-c') return 529;
  return undefined;
}

/** A provider that follows the script in its request, and keeps its own books. */
async function provider() {
  let charged = 0;
  let unsure = 0;
  const tries = new Map<string, number>();
  const vendor = await kit.vendor(({ body }, response) => {
    const { model, metadata, stream } = JSON.parse(body) as {
      model: Model;
      metadata: { user_id: string };
      stream?: boolean;
    };
    const { id, script } = JSON.parse(metadata.user_id) as { id: string; script: Scripted };
    const key = `${id} ${model}`;
    tries.set(key, (tries.get(key) ?? 0) + 1);
    const status = refusal(script.does, model, tries.get(key) ?? 0);
    if (status !== undefined) {
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":{"type":"error"}}');
      return;
    }
    const cost = chargeOf(model, script);
    const input = {
      input_tokens: script.input - script.cached,
      cache_read_input_tokens: script.cached,
      cache_creation_input_tokens: script.written,
      cache_creation: {
        ephemeral_5m_input_tokens: script.written - script.writtenForHour,
        ephemeral_1h_input_tokens: script.writtenForHour,
      },
    };
    const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
    const first = event({ type: 'message_start', message: { usage: { ...input, output_tokens: 1 } } });
    if (script.does === 'cuts' || script.does === 'breaks') {
      unsure += cost;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (script.does === 'cuts') response.write(first, () => response.socket?.resetAndDestroy());
      else response.end(first + event({ type: 'error', error: { type: 'overloaded_error' } }));
      return;
    }
    charged += cost;
    if (stream === true) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const last = event({ type: 'message_delta', usage: { output_tokens: script.output } });
      // An agent that leaves midway does so between the two.
      response.write(first, () => setImmediate(() => response.end(last)));
    } else {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ usage: { ...input, output_tokens: script.output } }));
    }
  });
  return { vendor, charged: () => charged, unsure: () => unsure };
}

/** An agent that makes its calls one after another, and tries twice more where it was refused. */
async function agent(gateway: Gateway, name: string, scripts: readonly Scripted[]): Promise<void> {
  for (const [index, script] of scripts.entries()) {
    const body = {
      model: 'model-a',
      max_tokens: 1_000,
      stream: script.stream,
      messages: [{ role: 'user', content: 'x'.repeat(script.input + script.written) }],
      metadata: { user_id: JSON.stringify({ id: `${name} ${index}`, script }) },
    };
    for (let left = 3; left > 0; left -= 1) {
      const leaves =
        script.leaves === 'at once' ? { signal: AbortSignal.timeout(1) } : { leavesMidway: script.leaves === 'midway' };
      const got = await gateway.post('/model/acme/v1/messages', body, leaves).catch(() => undefined);
      if (got === undefined || (got.status !== 400 && got.status !== 429)) break;
    }
  }
}

/** Resolves when every call has an entry that says how it ended. */
async function settled(gateway: Gateway): Promise<void> {
  while (gateway.calls().some(({ charged }) => charged === undefined)) await new Promise((done) => setTimeout(done, 5));
}

const sumOf = (calls: ReturnType<Gateway['calls']>): number =>
  calls.reduce((total, { usdMicros }) => total + usdMicros, 0);

/** Runs at a time, each with a gateway, a provider and a budget of its own. */
const runsOf = (runs: readonly (readonly Scripted[])[], budgets: readonly number[], agents: number) =>
  Promise.all(
    runs.map(async (scripts, run) => {
      const { vendor, charged, unsure } = await provider();
      const gateway = await kit.gateway({
        provider: 'acme',
        key: 'k',
        budgetMicros: budgets[run] ?? 0,
        fallbacks: ['model-b', 'model-c'],
        endpoint: { kind: 'anthropic', baseUrl: vendor.url, prices: { own: prices } },
      });
      // Agents of one phase share its budget.
      const shares = Array.from({ length: agents }, (_, which) => scripts.filter((_s, at) => at % agents === which));
      await Promise.all(shares.map((share, which) => agent(gateway, `${run} ${which}`, share)));
      await settled(gateway);
      return { calls: gateway.calls(), charged: charged(), unsure: unsure(), budget: budgets[run] ?? 0 };
    }),
  );
const eight = (maxLength: number) =>
  fc.array(fc.array(scripted, { minLength: 1, maxLength }), { minLength: 8, maxLength: 8 });

test('eight runs at a time: each ledger is what the provider charged', async () => {
  await fc.assert(
    fc.asyncProperty(eight(6), async (runs) => {
      for (const { calls, charged, unsure } of await runsOf(runs, Array(8).fill(1_000_000_000), 2)) {
        const of = (rule: string) => calls.filter((call) => call.charged === rule);
        expect(sumOf(of('usage'))).toBe(charged);
        expect(sumOf(of('failed'))).toBe(0);
        // What was cut off or broke may have been charged; never more than what stays reserved.
        expect(sumOf([...of('cut'), ...of('error')])).toBeGreaterThanOrEqual(unsure);
        for (const call of calls)
          expect(call.state === 'reserved').toBe(call.charged === 'cut' || call.charged === 'error');
      }
    }),
    { numRuns: 12 },
  );
});

test('eight runs at a time: no cap is exceeded, neither by the ledger nor by what the provider could have charged', async () => {
  await fc.assert(
    fc.asyncProperty(
      eight(10),
      fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 8, maxLength: 8 }),
      async (runs, budgets) => {
        for (const { calls, charged, unsure, budget } of await runsOf(runs, budgets, 3)) {
          expect(sumOf(calls)).toBeLessThanOrEqual(budget);
          expect(charged + unsure).toBeLessThanOrEqual(sumOf(calls));
        }
      },
    ),
    { numRuns: 12 },
  );
});
