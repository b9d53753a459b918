import { filesOfDiff } from '../../core/diff/unified.ts';
import { plannedPhases } from '../../core/plan/planned.ts';
import { plan as planSchema } from '../../core/plan/schema.ts';
import type { FileSize } from '../../core/publish/facts.ts';
import type { ChangeManifest } from '../../core/run/change-set.ts';
import type { Deps } from '../deps.ts';
import { getJson, putJson } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';
import { currentDiff } from '../view/change.ts';
import type { StoredSizes } from './verdict.ts';

/** Bytes of a change whose lines are counted. */
const maxDiff = 4 * 1024 * 1024;

/** Counts the lines of the change that is about to be published; undefined if it is too large to be compared. */
export async function countSizes(
  deps: Deps,
  context: RunContext,
  manifest: ChangeManifest,
): Promise<{ digest: string; files: Map<string, FileSize> } | undefined> {
  const { changeSet, plan } = context.record.work;
  const diff = changeSet && (await currentDiff(deps, context, maxDiff));
  if (!diff || diff.truncated || diff.of !== changeSet.manifest) return undefined;
  const counted = filesOfDiff(diff.text);
  const sum = (side: 'added' | 'removed') => counted.reduce((all, each) => all + each[side], 0);
  const phases = plan && plannedPhases(planSchema.parse(await getJson(deps.artifacts, plan)), manifest);
  const stored: StoredSizes = {
    of: diff.of,
    added: sum('added'),
    removed: sum('removed'),
    unplanned: phases ? [...phases.values()].filter((phase) => phase === undefined).length : 0,
  };
  const files = counted.map(({ path, op, added, removed }) => [path, { op, added, removed }] as const);
  return { digest: await putJson(deps.artifacts, stored), files: new Map(files) };
}
