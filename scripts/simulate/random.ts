import { createHash } from 'node:crypto';

/** Drawn numbers that a seed repeats: mulberry32. */
export interface Random {
  /**
   * Numbers for one thing: what is drawn for it does not depend on what happens to others at the same moment, whose order
   * answers of the embedded DynamoDB may change. The second time, the same thing gets other numbers.
   */
  of(thing: string): Random;
  /** In [0, 1). */
  next(): number;
  chance(probability: number): boolean;
  /** Around a median, with a long tail: half of the values are within a factor of two of it. */
  around(median: number): number;
  pick<T>(values: readonly T[]): T;
}

export function createRandom(seed: number): Random {
  const asked = new Map<string, number>();
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    of(thing) {
      const times = (asked.get(thing) ?? 0) + 1;
      asked.set(thing, times);
      return createRandom(createHash('sha256').update(`${seed} ${thing} ${times}`).digest().readUInt32BE());
    },
    next,
    chance: (probability) => next() < probability,
    around: (median) => median * Math.exp(normal()),
    pick(values) {
      const value = values[Math.floor(next() * values.length)];
      if (value === undefined) throw new Error('There is nothing to pick from.');
      return value;
    },
  };
}
