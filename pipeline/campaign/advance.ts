import type { Part } from '../../core/campaign/part.ts';
import { failedPart, freeMicros, startable, withEnds, withStarted } from '../../core/campaign/progress.ts';
import { type CampaignState, type PartState, partsMicros } from '../../core/campaign/state.ts';
import { defined } from '../../core/defined.ts';
import type { GateDecision } from '../../core/run/gate.ts';
import type { RunWork } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { record as recordEvent } from '../runs/record-event.ts';
import { loadRunContext, type RunContext, refuseStopped } from '../runs/run-context.ts';
import { givenTo } from './merge-parts.ts';
import { funded, partRunId, plannedParts, stateOf } from './parts.ts';
import { startPart } from './start-part.ts';
import { endsOf, ownMicros } from './wake.ts';

/** Takes over the ends of parts and starts those that became ready. Idempotent. */
export async function advanceCampaign(deps: Deps, runId: string): Promise<void> {
  const context = await loadRunContext(deps, runId);
  const { parts, written } = await plannedParts(deps, context);
  const ends = await endsOf(deps, stateOf(context.record));
  const taken = withEnds(stateOf(context.record), ends);
  for (const [id, part] of Object.entries(taken.parts))
    if (ends.has(part.runId)) await recordEnd(deps, runId, id, part);
  const given = await givenToReady(deps, context, parts, taken);
  const own = await ownMicros(deps, runId);
  const after = await deps.runs.update(runId, (run) => {
    refuseStopped(run);
    const state = withEnds(stateOf(run), ends);
    const ids = startable(parts, state, atOnce(context)).filter((id) => given.has(id));
    const campaign = withStarted(funded(parts), state, ids, freeMicros(state, run.capMicros, own), (id, round) => ({
      runId: partRunId(runId, id, round),
      // A person may have said what it starts from.
      ...defined({ given: state.parts[id]?.given ?? given.get(id)?.stored }),
    }));
    return { ...run, state: 'Dispatch', campaign, spentMicros: own + partsMicros(campaign).spent };
  });
  const state = stateOf(after);
  for (const part of parts) {
    const now = state.parts[part.id];
    if (now?.status !== 'running' || (await hasBegun(deps, now))) continue;
    const before = parts.filter(({ id }) => part.depends_on.includes(id));
    await startPart(deps, { ...context, record: after }, part, now, { written, after: before });
  }
}

/**
 * How the wait for parts ends: `parts-ended` if one ended before the wait began, so that it did not find it; `part-failed`
 * or `parts-done` if none runs; undefined while parts run.
 */
export async function waitOver(deps: Deps, runId: string): Promise<GateDecision['outcome'] | undefined> {
  const context = await loadRunContext(deps, runId);
  const state = stateOf(context.record);
  if (Object.values(state.parts).some(({ status }) => status === 'running'))
    return (await endsOf(deps, state)).size > 0 ? 'parts-ended' : undefined;
  const { parts } = await plannedParts(deps, context);
  return failedPart(parts, state) === undefined ? 'parts-done' : 'part-failed';
}

/** Whether the run of a part exists and its execution has claimed it. */
const hasBegun = async (deps: Deps, { runId }: PartState): Promise<boolean> =>
  (await deps.runs.get(runId))?.claimedBy !== undefined;

const atOnce = ({ task }: RunContext): number => task.spec.campaign?.max_parallel ?? 1;

/** The parts that may start, with what they start from; without those whose dependencies conflict. */
async function givenToReady(deps: Deps, context: RunContext, parts: readonly Part[], state: CampaignState) {
  const found = new Map<string, { stored?: NonNullable<RunWork['changeSet']> }>();
  for (const id of startable(parts, state, atOnce(context))) {
    const given = await givenTo(deps, context, parts, state, id);
    if (given !== 'blocked') found.set(id, defined({ stored: given }));
  }
  return found;
}

async function recordEnd(deps: Deps, runId: string, id: string, part: PartState): Promise<void> {
  if (part.status !== 'done' && part.status !== 'failed') return;
  await recordEvent(deps, runId, {
    key: `part#${id}#${part.round}#end`,
    type: part.status === 'done' ? 'part-done' : 'part-failed',
    text: part.status === 'done' ? id : `${id}: ${part.error?.name}: ${part.error?.message}`,
    data: { part: id, runId: part.runId, usdMicros: part.spentMicros ?? 0 },
  });
}
