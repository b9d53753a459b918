import { partsMicros } from '../../core/campaign/state.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { stateOf } from './parts.ts';

const callsOf = async (deps: Pick<Deps, 'ledger'>, runId: string): Promise<number> =>
  (await deps.ledger.calls(runId)).reduce((sum, call) => sum + call.usdMicros, 0);

/**
 * What a run spent, in micro-US-dollars: its own calls, and those of all runs of its parts. From the ledger and not from
 * the record, because the record lacks the calls of an interrupted attempt.
 */
export async function spentOf(deps: Pick<Deps, 'ledger'>, record: RunRecord): Promise<number> {
  const state = stateOf(record);
  const runs = [...Object.values(state.parts), ...state.earlier].flatMap(({ runId }) => (runId === '' ? [] : [runId]));
  let sum = 0;
  for (const runId of [record.runId, ...runs]) sum += await callsOf(deps, runId);
  return sum;
}

/** What the next phase of a run may spend: its cap without what it and its parts spent, and running parts may spend. */
export async function budgetOf(deps: Pick<Deps, 'ledger'>, record: RunRecord): Promise<number> {
  const { promised, spent } = partsMicros(stateOf(record));
  return Math.max(0, record.capMicros - (await callsOf(deps, record.runId)) - spent - promised);
}
