import type { Limit } from './limits.ts';

/** Use of one limit, as the report shows it. */
export interface Use {
  name: string;
  limit: Limit;
  /** Average over the simulated time, in the unit of the limit. */
  average: number;
  peak: number;
  /** Peak in parts of the limit; for a bucket, the part of it that was empty at the worst moment. */
  share: number;
}

const unitMs = { 'a second': 1_000, 'a minute': 60_000, 'an hour': 3_600_000 } as const;

interface Rate {
  total: number;
  peak: number;
  window: number;
  inWindow: number;
  tokens: number;
  lowest: number;
  at: number;
}

/** Counts requests against their limits, in simulated time. */
export class Meter {
  /** Requests by `service:Operation`. */
  readonly requests = new Map<string, number>();
  readonly #limits: Record<string, Limit>;
  readonly #now: () => number;
  readonly #rates = new Map<string, Map<string, Rate>>();
  readonly #levels = new Map<string, { now: number; peak: number; sum: number; at: number }>();
  readonly #from: number;

  constructor(limits: Record<string, Limit>, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#from = now();
  }

  count(operation: string, times = 1): void {
    this.requests.set(operation, (this.requests.get(operation) ?? 0) + times);
  }

  /** Takes from a rate limit. @param key Of limits that each installation or partition has. @returns Whether it was within the limit. */
  take(name: string, amount = 1, key = ''): boolean {
    const limit = this.#limitOf(name);
    if (limit.unit === 'at a time') throw new Error(`${name} is not a rate`);
    const now = this.#now();
    const window = Math.floor(now / unitMs[limit.unit]);
    const keys = this.#rates.get(name) ?? new Map<string, Rate>();
    this.#rates.set(name, keys);
    const burst = limit.burst ?? limit.value;
    const rate = keys.get(key) ?? { total: 0, peak: 0, window, inWindow: 0, tokens: burst, lowest: burst, at: now };
    keys.set(key, rate);
    if (rate.window !== window) Object.assign(rate, { window, inWindow: 0 });
    rate.total += amount;
    rate.inWindow += amount;
    rate.peak = Math.max(rate.peak, rate.inWindow);
    rate.tokens = Math.min(burst, rate.tokens + ((now - rate.at) * limit.value) / unitMs[limit.unit]) - amount;
    rate.at = now;
    rate.lowest = Math.min(rate.lowest, rate.tokens);
    return limit.burst === undefined ? rate.inWindow <= limit.value : rate.tokens >= 0;
  }

  /** Gives back what was refused: a refused request takes no token. */
  giveBack(name: string, amount = 1, key = ''): void {
    const rate = this.#rates.get(name)?.get(key);
    if (rate) rate.tokens += amount;
  }

  /** Changes a level such as running tasks. @returns Whether it is within the limit. */
  change(name: string, by: number): boolean {
    const limit = this.#limitOf(name);
    const now = this.#now();
    const level = this.#levels.get(name) ?? { now: 0, peak: 0, sum: 0, at: now };
    this.#levels.set(name, level);
    level.sum += level.now * (now - level.at);
    level.at = now;
    level.now += by;
    level.peak = Math.max(level.peak, level.now);
    return level.now <= limit.value;
  }

  /** A level that is known as a whole. */
  observe(name: string, value: number): void {
    this.change(name, value - (this.#levels.get(name)?.now ?? 0));
  }

  total(name: string): number {
    return [...(this.#rates.get(name)?.values() ?? [])].reduce((sum, { total }) => sum + total, 0);
  }

  average(name: string): number {
    const level = this.#levels.get(name);
    return level ? (level.sum + level.now * (this.#now() - level.at)) / Math.max(1, this.#now() - this.#from) : 0;
  }

  /** The closest to its limit first. */
  uses(): Use[] {
    const ms = Math.max(1, this.#now() - this.#from);
    const uses = Object.entries(this.#limits).map(([name, limit]): Use => {
      if (limit.unit === 'at a time') {
        const peak = this.#levels.get(name)?.peak ?? 0;
        return { name, limit, average: this.average(name), peak, share: peak / limit.value };
      }
      const keys = [...(this.#rates.get(name)?.values() ?? [])];
      const worst = keys.toSorted((a, b) => b.peak - a.peak)[0];
      const peak = worst?.peak ?? 0;
      const { burst } = limit;
      const emptied = burst === undefined ? 0 : Math.max(0, ...keys.map(({ lowest }) => (burst - lowest) / burst));
      const average = ((worst?.total ?? 0) * unitMs[limit.unit]) / ms;
      return { name, limit, average, peak, share: burst === undefined ? peak / limit.value : emptied };
    });
    return uses.sort((a, b) => b.share - a.share);
  }

  #limitOf(name: string): Limit {
    const limit = this.#limits[name];
    if (!limit) throw new Error(`limits.json has no ${name}`);
    return limit;
  }
}
