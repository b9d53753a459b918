import { formatUsd } from '../../core/money/format.ts';
import type { EffectiveTask } from '../../core/run/effective-task.ts';
import type { Deps } from '../deps.ts';

/**
 * Alerts the approvers when the committed money of a sprint reaches a share of its limit, each share once per sprint
 * (R29). Reservations count, because they may be spent without another approval.
 */
export async function alertBudget(deps: Deps, task: EffectiveTask, sprint: string): Promise<void> {
  const { team } = task;
  const budget = await deps.ledger.sums(team, sprint);
  if (!budget || budget.limitMicros <= 0) return;
  const percent = Math.floor((budget.committedMicros * 100) / budget.limitMicros);
  for (const share of task.budget?.alerts_percent ?? []) {
    if (percent < share) continue;
    await deps.notifier.notify({
      key: `budget#${team}#${sprint}#${share}`,
      to: task.policyApprovers,
      subject: `Team ${team} has committed ${share} % of its sprint`,
      text: `${formatUsd(budget.committedMicros)} of ${formatUsd(budget.limitMicros)} are committed since ${sprint}; \`drydock budget ${team}\` lists the runs.`,
    });
  }
}
