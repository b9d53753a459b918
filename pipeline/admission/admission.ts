import type { Policy } from '../../core/policy/schema.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { closeGate } from '../gates/decide-gate.ts';
import { gateIdOf } from '../gates/open-gate.ts';

/** Runs are admitted per repository (R43). */
export const slotScope = (record: Pick<RunRecord, 'repository'>): string => `repository#${record.repository}`;

/** The sprint a moment falls into, by its first day (ISO date), and what it may cost; undefined without a budget. */
export function sprintOf(
  policy: Policy,
  team: string,
  now: number,
): { sprint: string; limitMicros: number } | undefined {
  const budget = policy.budgets[team];
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
