import { slotScope, wakeQueued } from '../../admission/admission.ts';
import { openGate } from '../../gates/open-gate.ts';
import { loadTask, refuseStopped } from '../../runs/task.ts';
import type { Step } from '../step.ts';

/** Waits for a place among the concurrent runs, oldest first. */
export const queue: Step<'queue'> =
  (deps) =>
  async ({ runId, round, token }) => {
    const task = await loadTask(deps, runId);
    refuseStopped(task.record);
    const scope = slotScope(task.record);
    const paused = await deps.admission.paused();
    const holders = await deps.admission.slotHolders(scope);
    await openGate(deps, task, 'Queued', {
      kind: 'slot',
      round,
      token,
      head: 'slot',
      title: paused
        ? 'Admission is paused'
        : `Waits for a place: ${holders.length} of ${task.effective.limits.concurrentRuns} are taken`,
      text: holders.join(', '),
      eligible: [],
      required: 1,
    });
    await deps.admission.enqueue(scope, runId, task.record.createdAt);
    // A place that became free between the refusal and this moment would otherwise wake nobody.
    if (!paused && (await deps.admission.slotHolders(scope)).length < task.effective.limits.concurrentRuns) {
      await wakeQueued(deps, scope);
    }
    return {};
  };
