import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import { mayNeedAttention } from '../../core/guard/attention/compared.ts';
import { type Attention, comparison, guardOfChange } from '../../core/guard/attention/jobs.ts';
import { basePaths, type GuardInput } from '../../core/guard/input.ts';
import { isReadableLock } from '../../core/guard/locks/packages.ts';
import type { Violation } from '../../core/guard/violation.ts';
import type { ChangeSet } from '../../core/run/change-set.ts';
import { sinceGiven } from '../campaign/since-given.ts';
import type { Deps } from '../deps.ts';
import { loadChange } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';

/** Bytes at the base of all changed files together; a person reviews no larger change. */
const maxBase = 32 * 1024 * 1024;

/**
 * Runs the guard on the stored change set and the tree of the base, before Verify and again before Publish.
 * @throws GuardTimedOut, LimitExceeded for a change that is too costly to check; AdvisoriesUnreadable.
 */
export async function guardTask(deps: Deps, context: RunContext): Promise<Violation[]> {
  const { record } = context;
  const { changeSet } = record.work;
  if (!changeSet) throw new DrydockError('Internal', `Run ${record.runId} has no change set.`);
  const input = await guardInput(deps, context, await loadChange(deps.artifacts, changeSet));
  const folder = context.task.dependencies?.advisories;
  const changesLock = input.change.manifest.entries.some(({ path }) => isReadableLock(path));
  return deps.thread.run(guardOfChange, {
    ...input,
    ...(folder === undefined || !changesLock ? {} : { advisories: await deps.advisories(folder) }),
    weakeningAccepted: record.work.acceptedWeakening === changeSet.manifest,
  });
}

/** What an approver has to see first, compared with the base (R45). @throws GuardTimedOut, LimitExceeded. */
export async function attentionOf(deps: Deps, context: RunContext, change: ChangeSet): Promise<Attention> {
  return deps.thread.run(comparison, await guardInput(deps, context, change, mayNeedAttention));
}

async function guardInput(
  deps: Deps,
  context: RunContext,
  whole: ChangeSet,
  matters?: (path: string) => boolean,
): Promise<Omit<GuardInput, 'weakeningAccepted'>> {
  const { record, host, location } = context;
  const { constraints, protectedPaths, limits, allowedSecrets = [], dependencies } = context.task;
  if (record.base === undefined) throw new DrydockError('Internal', `Run ${record.runId} has no base.`);
  const given = record.work.given && (await loadChange(deps.artifacts, record.work.given));
  const read = { host, location, commit: record.base };
  const { change, tree, contents } = await sinceGiven(read, whole, given);
  const paths = basePaths(change.manifest.entries, tree, limits.changedFiles, matters);
  return {
    change,
    tree,
    base: await contents(paths, maxBase),
    task: { constraints, protectedPaths, limits, allowedSecrets, ...defined({ dependencies }) },
  };
}
