import type { SprintBudget } from '../../core/run/effective-task.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { closeGate } from '../gates/decide-gate.ts';
import { gateIdOf } from '../gates/open-gate.ts';

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

/** Wakes the oldest run that waits for a place; it takes the place itself, or queues again when it was too late. */
export async function wakeQueued(deps: Deps, scope: string): Promise<void> {
  if (await deps.admission.paused()) return;
  for (const runId of await deps.admission.queue(scope)) {
    const open = (await deps.gates.byRun(runId)).filter((gate) => gate.kind === 'slot' && gate.status === 'pending');
    await deps.admission.dequeue(scope, runId);
    const last = open.at(-1);
    if (!last) continue;
    await closeGate(deps, gateIdOf(runId, 'slot', last.round), 'admitted', 'scheduler', 'a place is free');
    return;
  }
}
