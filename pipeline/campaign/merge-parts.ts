import { ancestorsOf, topological } from '../../core/campaign/order.ts';
import type { Part } from '../../core/campaign/part.ts';
import { mergedLabel } from '../../core/campaign/resolve.ts';
import type { CampaignState, PartState } from '../../core/campaign/state.ts';
import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import type { MergeResult } from '../../core/ports/host/code-host.ts';
import type { ChangeSet } from '../../core/run/change-set.ts';
import type { RunWork } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { loadChange, storeChange } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';

type Stored = NonNullable<RunWork['changeSet']>;

/** Merges the change of a part that is done into what was merged before. */
export async function mergePart(
  deps: Deps,
  { record, host, location }: RunContext,
  id: string,
  { given, changeSet }: PartState,
  ours: ChangeSet | undefined,
): Promise<MergeResult> {
  if (record.base === undefined || !changeSet) throw new DrydockError('Internal', `Part ${id} has no change.`);
  return host.merge(location, {
    base: record.base,
    theirs: await loadChange(deps.artifacts, changeSet),
    labels: { ours: mergedLabel, theirs: id },
    ...defined({ ancestor: given && (await loadChange(deps.artifacts, given)), ours }),
  });
}

/**
 * The changes that a part starts from: those of everything it depends on. Undefined if it depends on nothing.
 * `blocked`: they conflict, and have to be integrated first.
 */
export async function givenTo(
  deps: Deps,
  context: RunContext,
  parts: readonly Part[],
  state: CampaignState,
  id: string,
): Promise<Stored | undefined | 'blocked'> {
  const before = ancestorsOf(parts).get(id) ?? new Set();
  const order = topological(parts).filter((each) => before.has(each));
  if (order.length === 0) return undefined;
  const { changeSet } = context.record.work;
  if (changeSet && order.every((each) => state.merged.includes(each))) return changeSet;
  let merged: ChangeSet | undefined;
  for (const each of order) {
    const part = state.parts[each];
    if (!part) throw new DrydockError('Internal', `Part ${each} has not run.`);
    const result = await mergePart(deps, context, each, part, merged);
    if (result.conflicts.length > 0) return 'blocked';
    merged = result.change;
  }
  return merged && storeChange(deps.artifacts, merged);
}
