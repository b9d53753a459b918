import type { Violation } from '../../core/guard/violation.ts';
import { weakenedTests as compare } from '../../core/guard/weakened.ts';
import type { ChangeSet } from '../../core/run/change-set.ts';
import type { Task } from '../runs/task.ts';

/** Tests a change removes, skips or redirects, against the base it was made from (R45). */
export async function weakenedTests(task: Task, change: ChangeSet): Promise<Violation[]> {
  const { record, effective } = task;
  const base = record.base ?? '';
  return compare({ change, readBase: (path) => task.host.readFile(task.location, base, path), task: effective });
}
