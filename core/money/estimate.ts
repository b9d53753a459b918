import { DrydockError } from '../errors.ts';
import type { EffectiveTask } from '../run/effective-task.ts';
import { type Advice, adviseOn } from '../task-spec/lint/advice.ts';
import { clarityOf } from '../task-spec/lint/clarity.ts';
import { assumedPrice, priceMicros, priceOf } from './price.ts';

export interface Estimate {
  micros: { low: number; expected: number; high: number };
  /** Tokens and money by phase at the expected case. */
  breakdown: { phase: string; inputTokens: number; outputTokens: number; micros: number }[];
  advice: Advice;
  /** Maximum cost of the run; the high case is never above it. */
  capMicros: number;
  /** Says that the price is an assumption, and how to give the real one. */
  priceNote?: string;
}

/**
 * Requests and tokens of one phase by cost class, from recorded sessions of the supported agents. An agent sends its
 * whole conversation with each request, mostly from the cache, so the input grows with the number of turns.
 */
const expected: Record<Advice['costClass'], { turns: number; inputPerTurn: number; outputPerTurn: number }> = {
  negligible: { turns: 6, inputPerTurn: 12_000, outputPerTurn: 400 },
  low: { turns: 15, inputPerTurn: 20_000, outputPerTurn: 500 },
  medium: { turns: 40, inputPerTurn: 35_000, outputPerTurn: 600 },
  high: { turns: 120, inputPerTurn: 50_000, outputPerTurn: 700 },
};
/** Share of the input that a provider's cache serves in a conversation that only grows. */
const cachedShare = 0.7;
/** Planning reads and writes little; a rework round is a short build. */
const phases = [
  { phase: 'plan', share: 0.3 },
  { phase: 'build', share: 1 },
  { phase: 'rework', share: 0.4 },
];

/** Low: no rework, half the turns. High: all rework rounds, twice the turns, capped. @throws UnknownPrice. */
export function estimateTask(task: EffectiveTask): Estimate {
  const clarity = clarityOf(task.spec, task.constraints, { testCommand: true }).reduce(
    (sum, part) => sum + part.points,
    0,
  );
  const advice = adviseOn(task.spec, task.constraints, clarity, {}, Object.keys(task.criticalPaths));
  const { provider, model } = task.agent;
  const prices = task.endpoint?.prices ?? { list: provider };
  const capMicros = task.limits.usdMicros;
  if (provider === undefined || model === undefined) {
    return { micros: { low: 0, expected: 0, high: 0 }, breakdown: [], advice, capMicros };
  }
  const found = priceOf(prices, model);
  const { turns, inputPerTurn, outputPerTurn } = expected[advice.costClass];
  const breakdown = phases
    .filter(({ phase }) => phase !== 'plan' || task.agent.plans)
    .map(({ phase, share }) => {
      const inputTokens = Math.round(turns * inputPerTurn * share);
      const outputTokens = Math.round(turns * outputPerTurn * share);
      // Priced per request, because long-context price tiers depend on the size of one request and not on the sum.
      const one = priceMicros(prices, model, {
        input: inputPerTurn,
        output: outputPerTurn,
        cached: Math.round(inputPerTurn * cachedShare),
      });
      if (one === undefined) throw new DrydockError('UnknownPrice', `The price of ${provider}/${model} is not known.`);
      return { phase, inputTokens, outputTokens, micros: Math.round(one * turns * share) };
    });
  const microsFor = (phase: string) => breakdown.find((part) => part.phase === phase)?.micros ?? 0;
  const once = microsFor('plan') + microsFor('build');
  return {
    micros: {
      low: Math.min(capMicros, Math.round(once / 2)),
      expected: Math.min(capMicros, once + microsFor('rework')),
      high: Math.min(capMicros, 2 * once + task.limits.reworkRounds * 2 * microsFor('rework')),
    },
    breakdown,
    advice,
    capMicros,
    ...(found?.from === 'assumed' ? { priceNote: assumedPrice(provider, model, found) } : {}),
  };
}
