import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const file = z.strictObject({
  region: z.string(),
  date: z.iso.date(),
  note: z.string(),
  prices: z.record(
    z.string(),
    z.strictObject({ usd: z.number().positive(), per: z.string(), source: z.url({ protocol: /^https$/ }) }),
  ),
});
export type Prices = z.infer<typeof file>;

/** The one reviewed file of list prices. */
export const readPrices = (): Prices =>
  file.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'prices.json'), 'utf8')));

/** A sum of money in US dollars and what it is made of. An estimate: the ledger's money is another matter (law 9). */
export interface Item {
  name: string;
  usd: number;
  /** How it was worked out. */
  reason: string;
}

/** @throws Error for a price that the file does not have: no guess stands in for it. */
export function priceOf({ prices }: Prices): (name: string) => number {
  return (name) => {
    const found = prices[name];
    if (!found) throw new Error(`scripts/cost/prices.json has no price ${name}`);
    return found.usd;
  };
}
