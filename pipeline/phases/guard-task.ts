import { DrydockError } from '../../core/errors.ts';
import { guardChange } from '../../core/guard/guard.ts';
import type { Violation } from '../../core/guard/violation.ts';
import type { Deps } from '../deps.ts';
import { loadChange } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';

/** Runs the guard on the stored change set and the tree of the base, before Verify and again before Publish. */
export async function guardTask(deps: Deps, context: RunContext): Promise<Violation[]> {
  const { record, task } = context;
  const { changeSet } = record.work;
  if (!changeSet || record.base === undefined)
    throw new DrydockError('Internal', `Run ${record.runId} has no change set.`);
  const base = record.base;
  const [change, tree] = await Promise.all([
    loadChange(deps.artifacts, changeSet),
    context.host.listTree(context.location, base),
  ]);
  return guardChange({
    change,
    tree,
    readBase: (path) => context.host.readFile(context.location, base, path),
    task,
    weakeningAccepted: record.work.acceptedWeakening === changeSet.manifest,
  });
}
