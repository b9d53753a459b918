import type { Violation } from '../../core/guard/violation.ts';
import { weakenedTests as compare } from '../../core/guard/weakened.ts';
import type { ChangeSet } from '../../core/run/change-set.ts';
import type { RunContext } from '../runs/run-context.ts';

/** Tests that a change weakens, compared with its base (R45). */
export async function weakenedTests(context: RunContext, change: ChangeSet): Promise<Violation[]> {
  const { record, task } = context;
  const base = record.base ?? '';
  return compare({ change, readBase: (path) => context.host.readFile(context.location, base, path), task });
}
