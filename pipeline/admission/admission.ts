import { DrydockError } from '../../core/errors.ts';
import type { SprintBudget } from '../../core/run/effective-task.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { closeGate } from '../gates/close-gate.ts';
import { loadRunContext } from '../runs/run-context.ts';

/** Runs are admitted per repository (R43). */
export const slotScope = (record: Pick<RunRecord, 'repository'>): string => `repository#${record.repository}`;

/**
 * The sprint that contains a moment, named by its first day (ISO date), and its limit; undefined without a budget.
 * @param now Epoch milliseconds.
 */
export function sprintOf(
  budget: SprintBudget | undefined,
  now: number,
): { sprint: string; limitMicros: number } | undefined {
  if (!budget) return undefined;
  const start = Date.parse(budget.sprint_starts);
  const length = budget.sprint_days * 86_400_000;
  const first = start + Math.floor((now - start) / length) * length;
  return { sprint: new Date(first).toISOString().slice(0, 10), limitMicros: Math.round(budget.limit_usd * 1_000_000) };
}

/**
 * Wakes the oldest queued runs, one for each free concurrency slot. A woken run acquires its slot itself, and queues
 * again if another run was faster. The other runs stay queued.
 */
export async function wakeQueued(deps: Deps, scope: string): Promise<void> {
  if (await deps.admission.paused()) return;
  let taken = (await deps.admission.slotHolders(scope)).length;
  for (const runId of await deps.admission.queue(scope)) {
    const last = (await deps.gates.byRun(runId)).findLast((gate) => gate.kind === 'slot' && gate.status === 'pending');
    if (last && taken >= (await slotLimit(deps, runId))) return;
    await deps.admission.dequeue(scope, runId);
    if (!last) continue;
    await closeGate(deps, last.gateId, 'admitted', 'scheduler', 'a concurrency slot is free');
    taken += 1;
  }
}

/** Whether a queued run cannot be admitted before another run ends or somebody resumes admission. */
export async function isHeldBack(deps: Deps, run: RunRecord): Promise<boolean> {
  if (await deps.admission.paused()) return true;
  return (await deps.admission.slotHolders(slotScope(run))).length >= (await slotLimit(deps, run.runId));
}

/** The slot limit of a run's policy. A damaged task is treated as unlimited, so that it does not block the queue. */
async function slotLimit(deps: Deps, runId: string): Promise<number> {
  try {
    return (await loadRunContext(deps, runId)).task.limits.concurrentRuns;
  } catch (error) {
    // The run is woken, and its next step fails with the same error, which its record then shows.
    if (error instanceof DrydockError && error.retry !== 'transient') return Number.POSITIVE_INFINITY;
    throw error;
  }
}
