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

/** An amount in US dollars and its derivation. It is an estimate, unlike the amounts of the ledger (law 9). */
export interface Item {
  name: string;
  usd: number;
  /** The derivation. */
  reason: string;
}

/** @throws Error for a price that the file does not contain. */
export function priceOf({ prices }: Prices): (name: string) => number {
  return (name) => {
    const found = prices[name];
    if (!found) throw new Error(`scripts/cost/prices.json has no price ${name}`);
    return found.usd;
  };
}
