import { DrydockError } from '../../core/errors.ts';
import { guardChange } from '../../core/guard/guard.ts';
import type { Violation } from '../../core/guard/violation.ts';
import type { Deps } from '../deps.ts';
import { loadChange } from '../runs/artifacts.ts';
import type { Task } from '../runs/task.ts';

/** The trusted guard, on the stored change set and the tree at the base; run before Verify and again before Publish. */
export async function guardTask(deps: Deps, task: Task): Promise<Violation[]> {
  const { record, effective } = task;
  const { changeSet } = record.work;
  if (!changeSet || record.base === undefined)
    throw new DrydockError('Internal', `Run ${record.runId} has no change set.`);
  const base = record.base;
  const [change, tree] = await Promise.all([
    loadChange(deps.artifacts, changeSet),
    task.host.listTree(task.location, base),
  ]);
  return guardChange({
    change,
    tree,
    readBase: (path) => task.host.readFile(task.location, base, path),
    task: effective,
    weakeningAccepted: record.work.acceptedWeakening === changeSet.manifest,
  });
}
