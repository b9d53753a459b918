import { DrydockError } from '../../../core/errors.ts';
import { isFinal } from '../../../core/run/status.ts';
import { stopRun } from '../../lifecycle/stop-run.ts';
import { absentBranch } from '../../repository/absent-branch.ts';
import { record as recordEvent } from '../../runs/record-event.ts';
import { reportRun } from '../../runs/report-run.ts';
import { loadRunContext, type RunContext, refuseStopped } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/**
 * Looks for the branch before any money is spent: the run of another data folder, or a person, may hold it.
 * @throws BranchTaken.
 */
async function mustBeFree({ host, location, record }: RunContext): Promise<void> {
  const head = await host.resolve(location, record.branch).catch(absentBranch);
  if (head !== undefined)
    throw new DrydockError(
      'BranchTaken',
      `${record.branch} points to ${head.slice(0, 12)}, which is not a commit of this run.`,
    );
}

/** Claims the run key and freezes the base. An unfinished run of an older version of the same spec is superseded. */
export const claim: Step<'claim'> =
  (deps) =>
  async ({ runId, startedAt }) => {
    const context = await loadRunContext(deps, runId);
    const { record, task } = context;
    if (record.claimedBy !== undefined && record.claimedBy !== startedAt) {
      throw new DrydockError('AlreadyClaimed', `${record.taskId} already runs or ran as ${runId}.`);
    }
    refuseStopped(record);
    const base = record.base ?? (await context.host.resolve(context.location, task.spec.target_branch));
    // A part publishes nothing: its campaign holds the branch.
    // The branch of lessons is a standing one, to which each run adds.
    if (record.kind !== 'learn' && record.commit === undefined && record.parent === undefined)
      await mustBeFree(context);
    const claimed = await deps.runs.update(runId, (run) => {
      if (run.claimedBy !== undefined && run.claimedBy !== startedAt) {
        throw new DrydockError('AlreadyClaimed', `${run.taskId} already runs or ran as ${runId}.`);
      }
      return { ...run, state: 'Claim', claimedBy: startedAt, base: run.base ?? base };
    });
    await recordEvent(deps, runId, { key: 'claim', type: 'claimed', text: `base ${claimed.base?.slice(0, 12)}` });
    if (record.parent !== undefined) return { base: claimed.base ?? base };
    for (const other of await deps.runs.byTask(record.repository, record.taskId)) {
      const older = other.runId !== runId && other.specBlob !== record.specBlob && other.createdAt <= record.createdAt;
      if (!older || isFinal(other.status) || other.dryRun) continue;
      await stopRun(deps, other.runId, { as: 'Superseded', by: record.requester, reason: `replaced by ${runId}` });
    }
    await reportRun(deps, runId);
    return { base: claimed.base ?? base };
  };
