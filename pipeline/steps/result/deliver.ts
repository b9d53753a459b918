import { DrydockError } from '../../../core/errors.ts';
import { record as recordEvent } from '../../runs/record-event.ts';
import { loadRunContext, refuseStopped } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/**
 * Marks the pull request as ready and notifies the requester. Nothing is committed after the approved head.
 * @throws BranchTaken if somebody else moved the branch since: the votes are about another commit.
 */
export const deliver: Step<'deliver'> =
  (deps) =>
  async ({ runId }) => {
    const context = await loadRunContext(deps, runId);
    const { record } = context;
    refuseStopped(record);
    const { pullRequest, commit } = record;
    if (!pullRequest || commit === undefined) throw new DrydockError('Internal', `Run ${runId} has no pull request.`);
    await context.host.markReady(context.location, { ...pullRequest, branch: record.branch, head: commit });
    await recordEvent(deps, runId, {
      key: 'delivered',
      type: 'delivered',
      text: `${record.branch} is ready for review and merge by a person`,
    });
    await deps.notifier.tell({ about: 'delivered', runId });
    return {};
  };
