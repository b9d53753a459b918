import { checkChain, deploymentChain, runEnded } from '../../core/audit/chain.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';

/**
 * Writes the end of a run's chain into that of the deployment, once, before the record is final: what is missing later
 * from one of the two is found with the other.
 */
export async function anchorRun(
  deps: Pick<Deps, 'runs' | 'clock'>,
  run: Pick<RunRecord, 'runId' | 'taskId' | 'status'>,
): Promise<void> {
  const { head } = checkChain(run.runId, await deps.runs.chain(run.runId));
  await deps.runs.append(deploymentChain, {
    key: `run#${run.runId}`,
    at: new Date(deps.clock.now()).toISOString(),
    type: runEnded,
    text: `${run.taskId}: ${run.status}`,
    ...(head ? { on: head.hash } : {}),
    data: { runId: run.runId, line: head?.seq ?? 0 },
  });
}
