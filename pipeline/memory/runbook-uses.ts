import { usdOf } from '../../core/money/format.ts';
import type { RunbookUse } from '../../core/runbook/record.ts';
import type { Deps } from '../deps.ts';
import { reworkRounds, runsOf } from './rework.ts';

/** A run that used a runbook, with its outcome. */
export interface RunbookRun extends Omit<RunbookUse, 'name'> {
  runId: string;
  taskId: string;
  attempt: number;
  status: string;
  requester: string;
  reworkRounds: number;
  usd: number;
  createdAt: string;
  endedAt: string | null;
}

/** The runs whose spec was made from a runbook, newest first. */
export async function runbookUses(
  deps: Pick<Deps, 'runs'>,
  repository: string,
  runbook: string,
): Promise<RunbookRun[]> {
  return (await runsOf(deps, repository)).flatMap((run) => {
    if (run.runbook?.name !== runbook) return [];
    const { name: _name, ...use } = run.runbook;
    const { runId, taskId, attempt, status, requester, createdAt, endedAt = null } = run;
    return [
      {
        ...{ runId, taskId, attempt, status, requester, ...use },
        reworkRounds: reworkRounds(run),
        usd: usdOf(run.spentMicros),
        ...{ createdAt, endedAt },
      },
    ];
  });
}
