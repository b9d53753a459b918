import { partsMicros } from '../../core/campaign/state.ts';
import type { ModelCall } from '../../core/run/phase.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { partRuns, stateOf } from './parts.ts';

interface Spent {
  /** Micro-US-dollars. */
  spentMicros: number;
  tokens: RunRecord['tokens'];
}

export const sumOf = (calls: readonly ModelCall[]): Spent => ({
  spentMicros: calls.reduce((sum, call) => sum + call.usdMicros, 0),
  tokens: {
    input: calls.reduce((sum, call) => sum + call.inputTokens, 0),
    output: calls.reduce((sum, call) => sum + call.outputTokens, 0),
    cached: calls.reduce((sum, call) => sum + call.cachedTokens, 0),
  },
});

/**
 * What a run spent: its own calls, and those of all runs of its parts. From the ledger and not from the record, because
 * the record lacks the calls of an interrupted attempt.
 */
export async function spentOf(deps: Pick<Deps, 'ledger'>, record: RunRecord): Promise<Spent> {
  const calls: ModelCall[] = [];
  for (const runId of [record.runId, ...partRuns(record)]) calls.push(...(await deps.ledger.calls(runId)));
  return sumOf(calls);
}

/** What the next phase of a run may spend: its cap without what it and its parts spent, and running parts may spend. */
export async function budgetOf(deps: Pick<Deps, 'ledger'>, record: RunRecord): Promise<number> {
  const { promised, spent } = partsMicros(stateOf(record));
  const own = sumOf(await deps.ledger.calls(record.runId)).spentMicros;
  return Math.max(0, record.capMicros - own - spent - promised);
}
