import { enqueueRun, noSlotFor, slotScope, wakeQueued } from '../../admission/admission.ts';
import { openGate } from '../../gates/open-gate.ts';
import { loadRunContext, refuseStopped } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/** Waits for a concurrency slot; the oldest run goes first. */
export const queue: Step<'queue'> =
  (deps) =>
  async ({ runId, round, token }) => {
    const context = await loadRunContext(deps, runId);
    refuseStopped(context.record);
    const { record, task } = context;
    const scope = slotScope(record);
    const paused = await deps.admission.paused();
    const holders = await deps.admission.slotHolders(scope);
    const full = await noSlotFor(deps, record, task);
    await openGate(deps, context, 'Queued', {
      kind: 'slot',
      round,
      token,
      head: 'slot',
      title: paused
        ? 'Admission is paused'
        : `Waiting for a concurrency slot: ${full ?? `${holders.length} of ${task.limits.concurrentRuns} are taken`}`,
      text: holders.join(', '),
      eligible: [],
      required: 1,
    });
    await enqueueRun(deps, record, task);
    // A slot that became free before this run was in the queue would otherwise wake no run.
    if (!paused && (await noSlotFor(deps, record, task)) === undefined) await wakeQueued(deps, scope);
    return {};
  };
