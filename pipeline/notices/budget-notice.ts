import { noticeOf } from '../../core/notification/notice.ts';
import type { Messages } from '../../core/ports/runtime/notifier.ts';
import type { BudgetView } from '../../core/ports/store/ledger.ts';
import type { EffectiveTask } from '../../core/run/effective-task.ts';
import { sharesReached } from '../admission/budget-shares.ts';
import type { Deps } from '../deps.ts';
import { loadRunContext } from '../runs/run-context.ts';

const dayMs = 86_400_000;
/** Unfinished runs whose spent money is looked up; a sprint with more of them shows a little less as spent. */
const maxOpen = 50;
const maxBiggest = 3;

/**
 * Tells the team when the promised money of a sprint reaches a share of its limit, each share once per sprint (R29).
 * Reservations count, because they may be spent without another approval; what is spent is told apart from them.
 */
export async function budgetNotices(
  deps: Deps,
  messages: Messages,
  { runId, sprint }: { runId: string; sprint: string },
): Promise<void> {
  const { task } = await loadRunContext(deps, runId);
  const { team, budget: plan } = task;
  const budget = plan && (await deps.ledger.budget(team, sprint));
  if (!budget) return;
  for (const share of sharesReached(plan.alerts_percent, budget)) {
    const key = `budget#${team}#${sprint}#${share}`;
    if (await messages.known(key)) continue;
    const { spentMicros, heldMicros, holders, biggest } = await sharesOf(deps, budget);
    const now = deps.clock.now();
    const link = deps.pageLink('/budget');
    await messages.notify(
      noticeOf({
        key,
        kind: 'budget',
        to: teamOf(task),
        at: new Date(now).toISOString(),
        facts: {
          budget: {
            ...{ team, sprint, share, spentMicros, heldMicros, holders, biggest },
            limitMicros: budget.limitMicros,
            daysLeft: Math.max(0, Math.ceil((Date.parse(sprint) + plan.sprint_days * dayMs - now) / dayMs)),
          },
        },
        ...(link === undefined ? {} : { link }),
      }),
    );
  }
}

/** The people of a team; the approvers if the policy names none. */
function teamOf({ team, people, policyApprovers }: EffectiveTask): string[] {
  const members = Object.entries(people).flatMap(([id, { teams }]) => (teams?.includes(team) ? [id] : []));
  return members.length > 0 ? members : policyApprovers;
}

/** What is spent, with what unfinished runs have spent so far, and what they still hold. */
async function sharesOf(deps: Pick<Deps, 'runs'>, { runs, committedMicros, settledMicros }: BudgetView) {
  const open = runs.filter(({ settledMicros: settled }) => settled === null);
  const biggest = open.toSorted((a, b) => b.reservedMicros - a.reservedMicros);
  const records = await Promise.all(biggest.slice(0, maxOpen).map(({ runId }) => deps.runs.get(runId)));
  const running = records.reduce((sum, run) => sum + (run?.spentMicros ?? 0), 0);
  return {
    spentMicros: settledMicros + running,
    heldMicros: Math.max(0, committedMicros - settledMicros - running),
    holders: open.length,
    biggest: biggest.slice(0, maxBiggest).map(({ taskId, reservedMicros }) => ({ taskId, micros: reservedMicros })),
  };
}
