import { defined } from '../defined.ts';
import { ancestorsOf, type Node, topological } from './order.ts';
import { type CampaignState, type PartState, partsMicros } from './state.ts';

/** How the run of a part ended. */
export interface PartEnd {
  delivered: boolean;
  spentMicros: number;
  changeSet?: NonNullable<PartState['changeSet']>;
  error?: { name: string; message: string };
}

interface Funded extends Node {
  /** Micro-US-dollars; absent: an equal share. */
  usdMicros?: number;
}

/** @param ends By run id: runs of this campaign that have ended. Those that are part of the state already change nothing. */
export function withEnds(state: CampaignState, ends: ReadonlyMap<string, PartEnd>): CampaignState {
  const parts = Object.entries(state.parts).map(([id, part]): [string, PartState] => {
    const end = part.status === 'running' ? ends.get(part.runId) : undefined;
    if (!end) return [id, part];
    const done = end.delivered && end.changeSet !== undefined;
    const { spentMicros, changeSet, error } = end;
    return [
      id,
      {
        ...part,
        status: done ? 'done' : 'failed',
        spentMicros,
        ...(done
          ? defined({ changeSet })
          : { error: error ?? { name: 'Internal', message: 'It ended without a change.' } }),
      },
    ];
  });
  return { ...state, parts: Object.fromEntries(parts) };
}

/** Parts that may start now, in order: what they depend on is done, and no more than `atOnce` run. */
export function startable(parts: readonly Node[], state: CampaignState, atOnce: number): string[] {
  const running = Object.values(state.parts).filter(({ status }) => status === 'running').length;
  const isDone = (id: string): boolean => state.parts[id]?.status === 'done';
  const ready = topological(parts).filter((id) => {
    const status = state.parts[id]?.status;
    return (
      (status === undefined || status === 'again') && parts.find((part) => part.id === id)?.depends_on.every(isDone)
    );
  });
  return ready.slice(0, Math.max(0, atOnce - running));
}

/**
 * Starts parts: the next round of each, with its share of the money that is left. One share more stays with the
 * coordinator, who merges and corrects the whole.
 * @param free What of the parent's cap is neither spent nor promised, in micro-US-dollars.
 * @param begin Run id of a part's round, and the changes that it starts from.
 */
export function withStarted(
  parts: readonly Funded[],
  state: CampaignState,
  ids: readonly string[],
  free: number,
  begin: (id: string, round: number) => Pick<PartState, 'runId'> & Partial<Pick<PartState, 'given'>>,
): CampaignState {
  let left = Math.max(0, free);
  const next = { ...state, parts: { ...state.parts }, earlier: [...state.earlier] };
  const waits = (id: string): boolean => [undefined, 'again'].includes(next.parts[id]?.status);
  for (const id of ids) {
    const open = parts.filter((part) => waits(part.id));
    const own = open.find((part) => part.id === id)?.usdMicros;
    const set = open.reduce((sum, part) => sum + (part.id === id ? 0 : (part.usdMicros ?? 0)), 0);
    const shares = open.filter((part) => part.usdMicros === undefined).length + 1;
    const capMicros = own === undefined ? Math.floor(Math.max(0, left - set) / shares) : Math.min(own, left);
    left -= capMicros;
    const before = next.parts[id];
    if (before) next.earlier.push({ part: id, runId: before.runId, spentMicros: before.spentMicros ?? 0 });
    const round = (before?.round ?? 0) + 1;
    next.parts[id] = {
      round,
      status: 'running',
      capMicros,
      ...defined({ given: before?.given, hint: before?.hint }),
      ...begin(id, round),
    };
  }
  return next;
}

/** What is neither spent nor promised. @param own Spent by the parent's own phases. */
export function freeMicros(state: CampaignState, capMicros: number, own: number): number {
  const { spent, promised } = partsMicros(state);
  return Math.max(0, capMicros - own - spent - promised);
}

/** Goes on without a part, and without those that depend on it: they were written to start from its change. */
export function withoutPart(parts: readonly Node[], state: CampaignState, id: string): CampaignState {
  const out = [id, ...dependents(parts, id)];
  const left = out.flatMap((each): [string, PartState][] => {
    const part = state.parts[each];
    return [[each, part ? { ...part, status: 'left-out' } : { round: 1, runId: '', capMicros: 0, status: 'left-out' }]];
  });
  return { ...state, parts: { ...state.parts, ...Object.fromEntries(left) } };
}

/** A part is done again. @param given What it starts from in place of the changes of its dependencies. */
export function partAgain(
  state: CampaignState,
  id: string,
  more: Partial<Pick<PartState, 'given' | 'hint'>> = {},
): CampaignState {
  const part = state.parts[id];
  if (!part || part.status === 'running') return state;
  const { changeSet: _old, error: _error, given: _given, hint: _hint, ...rest } = part;
  return {
    ...state,
    merged: state.merged.filter((each) => each !== id),
    parts: { ...state.parts, [id]: { ...rest, status: 'again', ...more } },
  };
}

/** Parts that depend on a part, directly or not. */
export const dependents = (parts: readonly Node[], id: string): string[] => {
  const before = ancestorsOf(parts);
  return topological(parts).filter((each) => before.get(each)?.has(id));
};

/** The first part that failed, in the order of the parts. */
export const failedPart = (parts: readonly Node[], state: CampaignState): string | undefined =>
  topological(parts).find((id) => state.parts[id]?.status === 'failed');

/** Parts that are done and not yet merged, in the order in which they are merged. */
export const toMerge = (parts: readonly Node[], state: CampaignState): string[] =>
  topological(parts).filter((id) => state.parts[id]?.status === 'done' && !state.merged.includes(id));

/** Whether a part has still to be started. */
export const hasMore = (parts: readonly Node[], state: CampaignState): boolean =>
  parts.some(({ id }) => [undefined, 'again'].includes(state.parts[id]?.status));
