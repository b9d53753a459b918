import type { Part } from '../../../core/campaign/part.ts';
import { hasMore, toMerge } from '../../../core/campaign/progress.ts';
import { takeSide, unresolved } from '../../../core/campaign/resolve.ts';
import type { CampaignState } from '../../../core/campaign/state.ts';
import { DrydockError } from '../../../core/errors.ts';
import { type ChangeSet, changeManifest } from '../../../core/run/change-set.ts';
import type { RunRecord } from '../../../core/run/record.ts';
import { mergePart } from '../../campaign/merge-parts.ts';
import { plannedParts, stateOf } from '../../campaign/parts.ts';
import type { Deps } from '../../deps.ts';
import { getJson, loadChange, putText, storeChange } from '../../runs/artifacts.ts';
import { record as recordEvent } from '../../runs/record-event.ts';
import { loadRunContext, type RunContext, refuseStopped } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/**
 * Merges the changes of the parts, each after those that it depends on, without a checkout. A conflict goes to the
 * coordinator with git's conflict markers, and to a person if it is not resolved.
 */
export const integrate: Step<'integrate'> =
  (deps) =>
  async ({ runId }) => {
    const context = await loadRunContext(deps, runId);
    refuseStopped(context.record);
    const { parts } = await plannedParts(deps, context);
    const before = stateOf(context.record);
    const begun = await settled(deps, context, before);
    if (begun === 'unresolved') {
      await recordConflict(deps, context, parts, before);
      return { outcome: 'conflict' };
    }
    let { state, change } = begun;
    for (const id of toMerge(parts, state)) {
      const part = state.parts[id];
      if (!part) continue;
      const result = await mergePart(deps, context, id, part, change);
      if (result.conflicts.length > 0) return inConflict(deps, context, parts, state, id, change, result);
      change = result.change;
      state = { ...state, merged: [...state.merged, id] };
    }
    if (!change || change.manifest.entries.length === 0)
      throw new DrydockError('NoChanges', 'The parts of the campaign changed nothing together.');
    const changeSet = await storeChange(deps.artifacts, change);
    await save(deps, context.record, { campaign: state, work: { changeSet, feedback: [] } });
    const more = hasMore(parts, state);
    await recordEvent(deps, runId, {
      key: `integrated#${changeSet.manifest}#${state.merged.length}`,
      type: 'parts-merged',
      text: `${state.merged.join(', ')}${more ? '; others follow' : ''}`,
    });
    return { outcome: more ? 'more' : 'merged' };
  };

/** What is merged so far, once the last conflict is resolved: by the coordinator's round, or by a person's choice. */
async function settled(
  deps: Deps,
  { record }: RunContext,
  state: CampaignState,
): Promise<{ state: CampaignState; change: ChangeSet | undefined } | 'unresolved'> {
  const { conflict, ...rest } = state;
  const { changeSet } = record.work;
  const change = changeSet && (await loadChange(deps.artifacts, changeSet));
  if (!conflict) return { state, change: state.merged.length > 0 ? change : undefined };
  const part = state.parts[conflict.part];
  if (!change || !part)
    throw new DrydockError('Internal', `Run ${record.runId} has a conflict without a change or a part.`);
  const done = { ...rest, merged: [...rest.merged, conflict.part] };
  if (conflict.settled !== undefined) {
    const side = conflict.settled === 'ours' ? conflict.ours : part.changeSet;
    if (!side) throw new DrydockError('Internal', `Part ${conflict.part} has no change.`);
    return { state: done, change: takeSide(change, conflict.paths, await loadChange(deps.artifacts, side)) };
  }
  if (changeSet.manifest === conflict.marked) return 'unresolved';
  const marked = changeManifest.parse(await getJson(deps.artifacts, conflict.marked));
  if (unresolved(change, conflict.paths, { marked, part: conflict.part }).length > 0) return 'unresolved';
  return { state: done, change };
}

async function inConflict(
  deps: Deps,
  context: RunContext,
  parts: readonly Part[],
  state: CampaignState,
  part: string,
  before: ChangeSet | undefined,
  { change, conflicts }: { change: ChangeSet; conflicts: string[] },
): Promise<{ outcome: 'conflict' }> {
  const base = context.record.base ?? '';
  const changeSet = await storeChange(deps.artifacts, change);
  const ours = await storeChange(
    deps.artifacts,
    before ?? { manifest: { base, entries: [] }, blobs: new Uint8Array() },
  );
  const campaign = { ...state, conflict: { part, paths: conflicts, marked: changeSet.manifest, ours } };
  await save(deps, context.record, { campaign, work: { changeSet } });
  await recordConflict(deps, context, parts, campaign);
  return { outcome: 'conflict' };
}

/** Tells the coordinator and, if it does not succeed, people what conflicts. */
async function recordConflict(
  deps: Deps,
  { record }: RunContext,
  parts: readonly Part[],
  { conflict, merged }: CampaignState,
): Promise<void> {
  if (!conflict) return;
  const text = conflictText(parts, conflict, merged);
  const digest = await putText(deps.artifacts, text);
  await deps.runs.update(record.runId, (run) => ({
    ...run,
    work: { ...run.work, feedback: [digest], results: { ...run.work.results, failure: digest } },
  }));
  await recordEvent(deps, record.runId, {
    key: `conflict#${conflict.part}#${conflict.marked}`,
    type: 'parts-conflict',
    text: `${conflict.part}: ${conflict.paths.join(', ')}`,
  });
}

function conflictText(
  parts: readonly Part[],
  { part, paths }: NonNullable<CampaignState['conflict']>,
  merged: readonly string[],
): string {
  const told = parts
    .filter(({ id }) => id === part || merged.includes(id))
    .map(({ id, title, instructions }) => `${id}: ${title}\n${instructions.trim().slice(0, 2_000)}`);
  return [
    `The part "${part}" changed the same lines as parts that are merged already, in: ${paths.join(', ')}`,
    `Resolve the conflict so that all instructions below are met. Git's conflict markers name the sides: "merged" is what is merged already, "${part}" is the part. A file without markers was deleted by one side, or is not text; if it stays as it is, a person decides.`,
    ...told,
  ].join('\n\n');
}

const save = (
  deps: Deps,
  { runId }: RunRecord,
  { campaign, work }: { campaign: CampaignState; work: Partial<RunRecord['work']> },
): Promise<RunRecord> =>
  deps.runs.update(runId, (run) => {
    refuseStopped(run);
    return { ...run, state: 'Integrate', campaign, work: { ...run.work, ...work } };
  });
