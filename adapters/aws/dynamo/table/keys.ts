import type { Item } from './table.ts';

/** Partition of everything that belongs to a run. */
export const runPk = (runId: string): string => `run#${runId}`;

/** Partition of a gate or phase: its id begins with its run, as in `r-….review.1` and `r-…/build/1`. */
export const pkOf = (id: string): string => runPk(id.split(/[./]/, 1)[0] ?? id);

/** An item without its keys. */
export function strip(item: Item): Item {
  const { pk: _pk, sk: _sk, ...rest } = item;
  return rest;
}
