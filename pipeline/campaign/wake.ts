import { type PartEnd, withEnds } from '../../core/campaign/progress.ts';
import { type CampaignState, partsMicros } from '../../core/campaign/state.ts';
import { defined } from '../../core/defined.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { isFinal } from '../../core/run/status.ts';
import type { Deps } from '../deps.ts';
import { closeGate } from '../gates/close-gate.ts';
import { sumOf } from './money.ts';
import { stateOf } from './parts.ts';

/** The end of a part's run lets its campaign go on. Called by Settle and by the reconciler; doing it twice changes nothing. */
export async function wakeCampaign(deps: Deps, parentRunId: string): Promise<void> {
  const parent = await deps.runs.get(parentRunId);
  if (!parent) return;
  const ends = await endsOf(deps, stateOf(parent));
  if (ends.size === 0) return;
  if (isFinal(parent.status)) return addLateCosts(deps, parent.runId, ends);
  const gate = (await deps.gates.byRun(parentRunId)).find(
    ({ kind, status }) => kind === 'parts' && status === 'pending',
  );
  if (gate) await closeGate(deps, gate.gateId, 'parts-ended', 'drydock', 'a part ended');
}

/** A part that was stopped with its campaign may end after it. What it spent still counts. */
async function addLateCosts(deps: Deps, runId: string, ends: ReadonlyMap<string, PartEnd>): Promise<void> {
  const own = await ownMicros(deps, runId);
  await deps.runs.update(runId, (run) => {
    const campaign = withEnds(stateOf(run), ends);
    return { ...run, campaign, spentMicros: own + partsMicros(campaign).spent };
  });
}

/** Spent by the phases of the campaign's own run, in micro-US-dollars. */
export const ownMicros = async (deps: Deps, runId: string): Promise<number> =>
  sumOf(await deps.ledger.calls(runId)).spentMicros;

/** By run id: the parts that count as running and have ended. */
export async function endsOf(deps: Deps, state: CampaignState): Promise<Map<string, PartEnd>> {
  const ends = new Map<string, PartEnd>();
  for (const { runId, status } of Object.values(state.parts)) {
    const run = status === 'running' ? await deps.runs.get(runId) : undefined;
    if (run && isFinal(run.status)) ends.set(runId, endOf(run));
  }
  return ends;
}

const endOf = ({ status, spentMicros, work, error }: RunRecord): PartEnd => ({
  delivered: status === 'delivered',
  spentMicros,
  ...defined({
    changeSet: work.changeSet,
    error: status === 'delivered' ? undefined : { name: error?.name ?? status, message: error?.message ?? status },
  }),
});
