import { acquireSlot, dequeueRun, sprintOf } from '../../admission/admission.ts';
import { sharesReached } from '../../admission/budget-shares.ts';
import { record as recordEvent } from '../../runs/record-event.ts';
import { loadRunContext, refuseStopped } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/** Reserves the run's cap in its team's sprint, then a concurrency slot. @throws BudgetExceeded. */
export const reserve: Step<'reserve'> =
  (deps) =>
  async ({ runId }) => {
    const { record, task } = await loadRunContext(deps, runId);
    refuseStopped(record);
    // Its campaign holds the slot, and its money is a share of what the campaign reserved.
    if (record.parent !== undefined) return { admitted: true };
    const sprint = sprintOf(task.budget, Date.parse(record.createdAt));
    if (sprint) {
      const { taskId, team, capMicros } = record;
      await deps.ledger.reserve({ runId, taskId, team, capMicros, ...sprint });
      const sums = await deps.ledger.sums(team, sprint.sprint);
      if (sums && sharesReached(task.budget?.alerts_percent ?? [], sums).length > 0)
        await deps.notifier.tell({ about: 'budget', runId, sprint: sprint.sprint });
    }
    const admitted = !(await deps.admission.paused()) && (await acquireSlot(deps, record, task));
    const queued = record.applied?.some((id) => id.startsWith(`${runId}.slot.`));
    if (admitted && queued) await dequeueRun(deps, record);
    if (admitted)
      await recordEvent(deps, runId, {
        key: 'admitted',
        type: 'admitted',
        text: 'holds a concurrency slot and its budget reservation',
      });
    return { admitted };
  };
