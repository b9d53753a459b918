import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import type { EffectiveTask, SprintBudget } from '../../core/run/effective-task.ts';
import type { Gate } from '../../core/run/gate.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { closeGate } from '../gates/close-gate.ts';
import { loadTask } from '../runs/run-context.ts';

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

/** The queue of all runs under a limit over all repositories, beside that of their repository. */
const allRepositories = 'all';
/** A wake-up looks at so many runs of the queue of all repositories; the reconciler wakes the others. */
const maxLooked = 100;

interface SlotLimits {
  own: number;
  /** Over all repositories. */
  total?: number;
}

const limitsOf = ({ limits }: EffectiveTask): SlotLimits => ({
  own: limits.concurrentRuns,
  ...defined({ total: limits.concurrentRunsTotal }),
});

export function acquireSlot(deps: Deps, record: RunRecord, task: EffectiveTask): Promise<boolean> {
  const { own, total } = limitsOf(task);
  return deps.admission.acquireSlot(slotScope(record), record.runId, own, ...(total === undefined ? [] : [total]));
}

/** Puts a run into the queues in which others may wake it. */
export async function enqueueRun(deps: Deps, record: RunRecord, task: EffectiveTask): Promise<void> {
  await deps.admission.enqueue(slotScope(record), record.runId, record.createdAt);
  if (task.limits.concurrentRunsTotal !== undefined)
    await deps.admission.enqueue(allRepositories, record.runId, record.createdAt);
}

export async function dequeueRun(deps: Deps, record: RunRecord): Promise<void> {
  await deps.admission.dequeue(slotScope(record), record.runId);
  await deps.admission.dequeue(allRepositories, record.runId);
}

/**
 * Wakes the oldest queued runs, one for each free concurrency slot. A woken run acquires its slot itself, and queues
 * again if another run was faster. The other runs stay queued.
 */
export async function wakeQueued(deps: Deps, scope: string): Promise<void> {
  if (await deps.admission.paused()) return;
  await wake(deps, scope, await deps.admission.queue(scope));
}

/** After a run has freed a slot: its own repository first, then those that wait for the limit over all repositories. */
export async function wakeNext(deps: Deps, record: RunRecord, task: EffectiveTask): Promise<void> {
  await wakeQueued(deps, slotScope(record));
  if (task.limits.concurrentRunsTotal === undefined || (await deps.admission.paused())) return;
  await wake(deps, allRepositories, (await deps.admission.queue(allRepositories)).slice(0, maxLooked));
}

async function wake(deps: Deps, queue: string, queued: string[]): Promise<void> {
  const taken = new Map<string, number>();
  const takenOf = async (scope: string): Promise<number> => {
    const known = taken.get(scope);
    if (known !== undefined) return known;
    const count =
      scope === allRepositories ? await deps.admission.slotsTaken() : (await deps.admission.slotHolders(scope)).length;
    taken.set(scope, count);
    return count;
  };
  for (const runId of queued) {
    const found = await queuedRun(deps, runId);
    if (found === 'unreadable') continue;
    const { run, last } = found;
    if (!run || !last) {
      await deps.admission.dequeue(queue, runId);
      continue;
    }
    const scope = slotScope(run);
    const { own, total } = await slotLimits(deps, run);
    const inAll = total === undefined ? 0 : await takenOf(allRepositories);
    if (total !== undefined && inAll >= total) return;
    const inOwn = await takenOf(scope);
    if (inOwn >= own) {
      if (queue === scope) return;
      continue;
    }
    taken.set(scope, inOwn + 1).set(allRepositories, inAll + 1);
    await dequeueRun(deps, run);
    await closeGate(deps, last.gateId, 'admitted', 'scheduler', 'a concurrency slot is free');
  }
}

/** A queued run and the gate that it waits at. One that cannot be read stays queued, and holds up no other. */
async function queuedRun(
  deps: Deps,
  runId: string,
): Promise<{ run: RunRecord | undefined; last: Gate | undefined } | 'unreadable'> {
  try {
    const run = await deps.runs.get(runId);
    const gates = await deps.gates.byRun(runId);
    return { run, last: gates.findLast(({ kind, status }) => kind === 'slot' && status === 'pending') };
  } catch (error) {
    if (error instanceof DrydockError && error.name === 'RecordUnreadable') return 'unreadable';
    throw error;
  }
}

/** Whether a queued run cannot be admitted before another run ends or somebody resumes admission. */
export async function isHeldBack(deps: Deps, run: RunRecord): Promise<boolean> {
  return (await deps.admission.paused()) || (await fullFor(deps, run, await slotLimits(deps, run))) !== undefined;
}

/** Why there is no slot for a run; undefined if there is one. */
export const noSlotFor = (deps: Deps, record: RunRecord, task: EffectiveTask): Promise<string | undefined> =>
  fullFor(deps, record, limitsOf(task));

async function fullFor(deps: Deps, run: RunRecord, { own, total }: SlotLimits): Promise<string | undefined> {
  const holders = (await deps.admission.slotHolders(slotScope(run))).length;
  if (holders >= own) return `${holders} of ${own} are taken`;
  const all = total === undefined ? 0 : await deps.admission.slotsTaken();
  return total !== undefined && all >= total ? `${all} of ${total} are taken over all repositories` : undefined;
}

/** The slot limits of a run's policy. A damaged task is treated as unlimited, so that it does not block the queue. */
async function slotLimits(deps: Deps, run: RunRecord): Promise<SlotLimits> {
  try {
    return limitsOf(await loadTask(deps, run));
  } catch (error) {
    // The run is woken, and its next step fails with the same error, which its record then shows.
    if (error instanceof DrydockError && error.retry !== 'transient') return { own: Number.POSITIVE_INFINITY };
    throw error;
  }
}
