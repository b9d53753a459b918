import { cursorOf, listEntry } from '../../../../core/listing/entry.ts';
import type { RunRecord } from '../../../../core/run/record.ts';
import type { Item } from '../table/table.ts';

/** Partition of the entries of all runs, in the order of their start. */
export const listPk = 'runs';

/** The entry of a run in the list; written once, because nothing in it changes. */
export function entryItem(record: RunRecord): Item {
  const { runId, createdAt, repository, team, requester, search } = listEntry(record);
  return { pk: listPk, sk: cursorOf({ createdAt, runId }), repository, team, requester, search };
}
