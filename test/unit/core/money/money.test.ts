import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateTask } from '../../../../core/money/estimate.ts';
import { formatUsd, microsOf, usdOf } from '../../../../core/money/format.ts';
import { costMicros, priceMicros, priceOf } from '../../../../core/money/price.ts';
import type { EffectiveTask } from '../../../../core/run/effective-task.ts';
import { compileConstraints } from '../../../../core/task-spec/constraints.ts';
import { parseSpec } from '../../../../core/task-spec/parse.ts';
import { specBytes } from '../task-spec/specs.ts';

/** Up to a billion dollars. */
const micros = fc.integer({ min: 0, max: 1_000_000_000_000_000 });

describe('money in and out (law 9)', () => {
  it('comes back to the micro', () => {
    fc.assert(fc.property(micros, (amount) => void expect(microsOf(usdOf(amount))).toBe(amount)));
    expect([microsOf(12.5), microsOf(0.1 + 0.2), microsOf(0.0000005), microsOf(0.0000004)]).toEqual([
      12_500_000, 300_000, 1, 0,
    ]);
  });

  it.each([
    [0, '$0.00'],
    [1, '$0.000001'],
    [1_200, '$0.0012'],
    [9_999, '$0.009999'],
    [10_000, '$0.01'],
    [1_234_500, '$1.23'],
    [200_000_000, '$200.00'],
    [-1_500_000, '-$1.50'],
    [-12, '-$0.000012'],
  ])('is shown: %i as %s', (amount, shown) => {
    expect(formatUsd(amount)).toBe(shown);
  });

  it('is shown to the cent, and below a cent exactly', () => {
    fc.assert(
      fc.property(fc.oneof(micros, fc.integer({ min: 0, max: 20_000 })), (amount) => {
        const shown = formatUsd(amount);
        expect(shown).toMatch(/^\$\d+\.\d{2,6}$/);
        expect(Math.abs(microsOf(Number(shown.slice(1))) - amount)).toBeLessThanOrEqual(amount < 10_000 ? 0 : 5_000);
      }),
    );
  });
});

describe('the price of a request (R27)', () => {
  const use = { input: 1_000_000, output: 0, cached: 0 };

  it('is the list price, rounded up to the micro', () => {
    // Source: the provider's price list, 1.25 USD per million input tokens up to 200k, 10 USD per million output tokens.
    expect(priceMicros({ list: 'google' }, 'gemini-2.5-pro', { input: 100_000, output: 0, cached: 0 })).toBe(125_000);
    expect(priceMicros({ list: 'google' }, 'gemini-2.5-pro', { input: 0, output: 1_000, cached: 0 })).toBe(10_000);
    expect(priceMicros({ list: 'google' }, 'gemini-2.5-pro', { input: 1, output: 0, cached: 0 })).toBe(2);
    expect(priceMicros({ list: 'google' }, 'gemini-2.5-pro', { input: 0, output: 0, cached: 0 })).toBe(0);
  });

  it('never falls with use, and is lower from the cache', () => {
    const tokens = fc.integer({ min: 0, max: 100_000 });
    const price = (input: number, output: number, cached: number) =>
      priceMicros({ list: 'google' }, 'gemini-2.5-pro', { input, output, cached }) ?? -1;
    fc.assert(
      fc.property(tokens, tokens, tokens, (input, output, more) => {
        expect(price(input + more, output, 0)).toBeGreaterThanOrEqual(price(input, output, 0));
        expect(price(input, output + more, 0)).toBeGreaterThanOrEqual(price(input, output, 0));
        expect(price(input, output, input)).toBeLessThanOrEqual(price(input, output, 0));
        expect(Number.isInteger(price(input, output, 0))).toBe(true);
      }),
    );
  });

  it('is unknown for a provider that is not in the list, and the dearest for a model that is not', () => {
    expect(priceMicros({ list: 'nobody' }, 'gemini-2.5-pro', use)).toBeUndefined();
    const assumed = priceMicros({ list: 'google' }, 'no-such-model', use) ?? -1;
    expect(assumed).toBeGreaterThan(priceMicros({ list: 'google' }, 'gemini-2.5-pro', use) ?? 0);
    expect(priceOf({ list: 'google' }, 'no-such-model')?.from).toBe('assumed');
  });
});

describe('prices that are left out', () => {
  const million = 1_000_000;
  it.each([
    ['cached input above the limit costs what input does', { input: 0, output: 0 }, { cache_read_tokens: million }],
    ['and so it does without a price of nothing', { input: 1, output: 0 }, { cache_read_tokens: million }],
    ['a cache is not free', { input: 0, output: 0, cache_write: 0 }, { cache_write_tokens: million }],
  ])('%s', (_what, price, part) => {
    const own = { m: { ...price, long_context: { above_tokens: 1_000, input: 5, output: 0 } } };
    expect(costMicros({ own }, 'm', { input_tokens: million, ...part })).toBe(5_000_000);
  });

  it('an unknown model costs the dearest that a model of the list asks for a cache', () => {
    const written = { input_tokens: million, cache_write_tokens: million };
    const hour = { ...written, cache_write_1h_tokens: million };
    for (const [list, known] of [
      ['aws', 'anthropic.claude-opus-4-1-20250805-v1:0'],
      ['google', 'claude-opus-4'],
      ['anthropic', 'claude-opus-4-1'],
    ] as const)
      for (const usage of [written, hour])
        expect(costMicros({ list }, 'no-such-model', usage)).toBeGreaterThanOrEqual(
          costMicros({ list }, known, usage) ?? Number.NaN,
        );
  });
});

describe('the estimate (R5)', () => {
  const taskOf = (usdMicros: number, reworkRounds: number, agent: object, changes = {}) => {
    const { spec } = parseSpec('t.yaml', specBytes(changes));
    if (!spec) throw new Error('the spec is invalid');
    const profile = { name: 'p', kind: 'acp', command: ['x'], plans: true, ...agent };
    return {
      spec,
      constraints: compileConstraints(spec),
      agent: profile,
      criticalPaths: {},
      limits: { usdMicros, reworkRounds },
    } as unknown as EffectiveTask;
  };
  const gemini = { provider: 'google', model: 'gemini-2.5-pro' };

  it('is low ≤ expected ≤ high ≤ cap, in whole micros', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000_000 }), fc.nat(5), fc.boolean(), (cap, rounds, plans) => {
        const { micros: of, capMicros } = estimateTask(taskOf(cap, rounds, { ...gemini, plans }));
        expect([capMicros, of.low <= of.expected, of.expected <= of.high, of.high <= cap]).toEqual([
          cap,
          true,
          true,
          true,
        ]);
        expect([of.low, of.expected, of.high].every(Number.isInteger)).toBe(true);
      }),
    );
  });

  it('adds up by phase, and leaves out a plan that is not made', () => {
    const cap = 1_000_000_000;
    const { micros: of, breakdown } = estimateTask(taskOf(cap, 2, gemini));
    expect(breakdown.map(({ phase }) => phase)).toEqual(['plan', 'build', 'rework']);
    expect(of.expected).toBe(breakdown.reduce((sum, part) => sum + part.micros, 0));
    expect(of.low).toBeGreaterThan(0);
    expect(estimateTask(taskOf(cap, 2, { ...gemini, plans: false })).micros.expected).toBeLessThan(of.expected);
    expect(estimateTask(taskOf(cap, 3, gemini)).micros.high).toBeGreaterThan(of.high);
  });

  it('counts the agents that review each change, also where the writer is free', () => {
    const cap = 1_000_000_000;
    const reviewer = { agent: { name: 'r', kind: 'acp', command: ['x'], plans: true, ...gemini } };
    const reviewed = (agent: object, reviewers: object[], most = cap, rounds = 2) =>
      estimateTask({ ...taskOf(most, rounds, agent), reviewers } as EffectiveTask);
    const [none, one, two] = [[], [reviewer], [reviewer, reviewer]].map((each) => reviewed(gemini, each));
    expect(one?.breakdown.map(({ phase }) => phase)).toEqual(['plan', 'build', 'rework', 'review']);
    const review = one?.breakdown.at(-1)?.micros ?? 0;
    expect(review).toBeGreaterThan(0);
    expect(one?.micros.expected).toBe((none?.micros.expected ?? 0) + review);
    expect(two?.micros.expected).toBe((none?.micros.expected ?? 0) + 2 * review);
    const free = reviewed({ plans: false }, [reviewer]);
    expect([free.breakdown.map(({ phase }) => phase), free.micros.expected]).toEqual([['review'], review]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000_000 }), fc.nat(5), fc.nat(3), (most, rounds, readers) => {
        const { micros: of } = reviewed(gemini, Array(readers).fill(reviewer), most, rounds);
        expect([of.low <= of.expected, of.expected <= of.high, of.high <= most]).toEqual([true, true, true]);
        expect([of.low, of.expected, of.high].every(Number.isInteger)).toBe(true);
      }),
    );
  });

  it('is nothing for an agent without a model, and UnknownPrice for a model without a price', () => {
    expect(estimateTask(taskOf(5, 1, {})).micros).toEqual({ low: 0, expected: 0, high: 0 });
    expect(() => estimateTask(taskOf(5, 1, { provider: 'nobody', model: 'x' }))).toThrow(
      expect.objectContaining({ name: 'UnknownPrice' }),
    );
  });
});
