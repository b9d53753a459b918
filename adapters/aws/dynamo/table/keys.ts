import type { Item } from './table.ts';

/** Partition key of all items of a run. */
export const runPk = (runId: string): string => `run#${runId}`;

/** Partition key of a gate or phase: its id starts with the run id, as in `r-….review.1` and `r-…/build/1`. */
export const pkOf = (id: string): string => runPk(id.split(/[./]/, 1)[0] ?? id);

/** An item without its keys. */
export function strip(item: Item): Item {
  const { pk: _pk, sk: _sk, ...rest } = item;
  return rest;
}
