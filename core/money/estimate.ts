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
/** Share of a build's turns. Planning reads and writes little, and so does a review; a rework round is a short build. */
const shares = { plan: 0.3, build: 1, rework: 0.4, review: 0.3 };
/** Reviews by each reviewer in the expected case: of the build, and of one rework. */
const expectedReviews = 2;

type Reader = Pick<EffectiveTask, 'agent' | 'endpoint'>;
interface PhaseCost {
  inputTokens: number;
  outputTokens: number;
  micros: number;
}
const free: PhaseCost = { inputTokens: 0, outputTokens: 0, micros: 0 };

/**
 * Low: no rework, half the turns. High: all rework rounds, twice the turns, capped. Each change is read by every reviewer.
 * @throws UnknownPrice.
 */
export function estimateTask(task: EffectiveTask): Estimate {
  const clarity = clarityOf(task.spec, task.constraints, { testCommand: true }).reduce(
    (sum, part) => sum + part.points,
    0,
  );
  const advice = adviseOn(task.spec, task.constraints, clarity, {}, Object.keys(task.criticalPaths));
  const cost = (who: Reader, phase: keyof typeof shares, times = 1): PhaseCost =>
    costOf(who, advice.costClass, shares[phase] * times);
  const reviewers = task.reviewers ?? [];
  const phases: [string, PhaseCost][] = [
    ...(task.agent.plans ? [['plan', cost(task, 'plan')] satisfies [string, PhaseCost]] : []),
    ['build', cost(task, 'build')],
    ['rework', cost(task, 'rework')],
    ...(reviewers.length === 0
      ? []
      : [
          ['review', sum(reviewers.map((each) => cost(each, 'review', expectedReviews)))] satisfies [string, PhaseCost],
        ]),
  ];
  const breakdown = phases.map(([phase, of]) => ({ phase, ...of })).filter(({ inputTokens }) => inputTokens > 0);
  const microsFor = (phase: string) => breakdown.find((part) => part.phase === phase)?.micros ?? 0;
  const once = microsFor('plan') + microsFor('build');
  const [rework, review] = [microsFor('rework'), microsFor('review') / expectedReviews];
  const { reworkRounds, usdMicros: capMicros } = task.limits;
  const notes = [task, ...reviewers].flatMap(assumptionOf);
  return {
    micros: {
      low: Math.min(capMicros, Math.round((once + review) / 2)),
      expected: Math.min(capMicros, once + rework + microsFor('review')),
      high: Math.min(capMicros, Math.round(2 * (once + review) + reworkRounds * 2 * (rework + review))),
    },
    breakdown,
    advice,
    capMicros,
    ...(notes.length === 0 ? {} : { priceNote: [...new Set(notes)].join(' ') }),
  };
}

const sum = (costs: PhaseCost[]): PhaseCost =>
  costs.reduce(
    (all, each) => ({
      inputTokens: all.inputTokens + each.inputTokens,
      outputTokens: all.outputTokens + each.outputTokens,
      micros: all.micros + each.micros,
    }),
    free,
  );

const pricesOf = ({ agent, endpoint }: Reader) => endpoint?.prices ?? { list: agent.provider };

/** A phase of an agent; nothing for one without a model. @param share Of the turns of a build. */
function costOf(who: Reader, costClass: Advice['costClass'], share: number): PhaseCost {
  const { provider, model } = who.agent;
  if (provider === undefined || model === undefined) return free;
  const { turns, inputPerTurn, outputPerTurn } = expected[costClass];
  // Priced per request, because long-context price tiers depend on the size of one request and not on the sum.
  const one = priceMicros(pricesOf(who), model, {
    input: inputPerTurn,
    output: outputPerTurn,
    cached: Math.round(inputPerTurn * cachedShare),
  });
  if (one === undefined) throw new DrydockError('UnknownPrice', `The price of ${provider}/${model} is not known.`);
  return {
    inputTokens: Math.round(turns * inputPerTurn * share),
    outputTokens: Math.round(turns * outputPerTurn * share),
    micros: Math.round(one * turns * share),
  };
}

function assumptionOf(who: Reader): string[] {
  const { provider, model } = who.agent;
  if (provider === undefined || model === undefined) return [];
  const found = priceOf(pricesOf(who), model);
  return found?.from === 'assumed' ? [assumedPrice(provider, model, found)] : [];
}
