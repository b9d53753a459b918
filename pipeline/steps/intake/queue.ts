import { slotScope, wakeQueued } from '../../admission/admission.ts';
import { openGate } from '../../gates/open-gate.ts';
import { loadRunContext, refuseStopped } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/** Waits for a concurrency slot; the oldest run goes first. */
export const queue: Step<'queue'> =
  (deps) =>
  async ({ runId, round, token }) => {
    const context = await loadRunContext(deps, runId);
    refuseStopped(context.record);
    const scope = slotScope(context.record);
    const paused = await deps.admission.paused();
    const holders = await deps.admission.slotHolders(scope);
    await openGate(deps, context, 'Queued', {
      kind: 'slot',
      round,
      token,
      head: 'slot',
      title: paused
        ? 'Admission is paused'
        : `Waiting for a concurrency slot: ${holders.length} of ${context.task.limits.concurrentRuns} are taken`,
      text: holders.join(', '),
      eligible: [],
      required: 1,
    });
    await deps.admission.enqueue(scope, runId, context.record.createdAt);
    // A slot that became free before this run was in the queue would otherwise wake no run.
    if (!paused && (await deps.admission.slotHolders(scope)).length < context.task.limits.concurrentRuns) {
      await wakeQueued(deps, scope);
    }
    return {};
  };
