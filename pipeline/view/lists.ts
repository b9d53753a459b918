import type { RunPage, RunQuery } from '../../core/ports/store/runs.ts';
import type { Gate } from '../../core/run/gate.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { type RunItem, runItem } from './run-item.ts';

/** A page of the list of runs, newest first. */
export interface RunList {
  items: RunItem[];
  /** Ids of runs whose record cannot be read. */
  unreadable: string[];
  /** `before` of the next page; null after the last one. */
  next: string | null;
  /** Runs by status among all that match the other filters; null where they are not counted. */
  counts: RunPage['counts'] | null;
}

type Stores = Pick<Deps, 'runs' | 'gates'>;

export async function runList(deps: Stores, query: RunQuery): Promise<RunList> {
  const { runs, unreadable, next, counts } = await deps.runs.page(query);
  return { items: await itemsOf(deps, runs), unreadable, next: next ?? null, counts: counts ?? null };
}

/** Runs with their open gates, which are read many at once. */
async function itemsOf({ gates }: Pick<Deps, 'gates'>, runs: RunRecord[]): Promise<RunItem[]> {
  const ids = runs.flatMap(({ status, gate }) => (status === 'waiting' && gate !== undefined ? [gate] : []));
  const open = new Map<string, Gate>(
    ids.length === 0 ? [] : (await gates.many(ids)).map((gate) => [gate.gateId, gate] as const),
  );
  return runs.map((run) => runItem(run, run.gate === undefined ? undefined : open.get(run.gate)));
}

/** Decisions on one page of what waits; more than that is a sign of another trouble. */
const maxWaiting = 200;

/** Runs that wait for a person, the most urgent first. */
export async function inbox(deps: Stores, scope?: RunQuery['scope']): Promise<{ items: RunItem[]; more: boolean }> {
  const { runs, next } = await deps.runs.page({ statuses: ['waiting'], parts: true, limit: maxWaiting, scope });
  const items = (await itemsOf(deps, runs)).filter(({ gate }) => gate !== null);
  const urgency = ({ gate }: RunItem): string => gate?.expiresAt ?? '';
  return { items: items.sort((a, b) => (urgency(a) < urgency(b) ? -1 : 1)), more: next !== undefined };
}
