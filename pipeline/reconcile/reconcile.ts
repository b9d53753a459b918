import pLimit from 'p-limit';
import { inGroups } from '../../core/concurrency/in-groups.ts';
import { viewError } from '../../core/errors.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { wakeQueued } from '../admission/admission.ts';
import type { Deps } from '../deps.ts';
import { recover } from '../lifecycle/recover.ts';
import { hasEnded } from '../runs/has-ended.ts';
import { sweepCi } from '../webhooks/sweep.ts';
import { endRun } from './end-run.ts';
import type { Survey } from './survey.ts';

/** A record without an execution after this time means that its trigger crashed: an execution starts within seconds. */
const startMs = 10 * 60_000;
/** Runs that are repaired at the same time; each needs about ten requests, one after the other. */
const parallel = 8;

interface Reconciled {
  runId: string;
  /** `settled`, `started`, or the name of the error. */
  did: string;
}

export interface Repaired {
  found: Reconciled[];
  /** Suspects that the next pass has to look at. */
  left: number;
}

/** Where the repairs of a pass stopped, kept for the next one. */
export interface Cursor {
  read(): Promise<string | undefined>;
  write(after: string | undefined): Promise<void>;
}

/**
 * Repairs runs after lost events: an execution that never started, an execution that ended without Settle, and in running
 * ones unanswered phases, undelivered decisions and queued runs that nobody wakes. An error in one run does not affect the
 * others. After `until` (epoch milliseconds) no further run is begun, and the next pass begins with those that are left.
 */
export async function repair(deps: Deps, survey: Survey, cursor: Cursor, until: number): Promise<Repaired> {
  const found: Reconciled[] = survey.unreadable.map((runId) => ({ runId, did: 'RecordUnreadable' }));
  const attempt: Attempt = async (runId, work) => {
    try {
      const did = await work();
      if (did !== undefined) found.push({ runId, did });
    } catch (error) {
      found.push({ runId, did: viewError(error).name });
    }
  };
  // Beside the repairs: many of them, or one that does not end, keep nobody in a queue.
  const queues = survey.queues.size === 0 ? undefined : wakeQueues(deps, survey, attempt, until);
  const after = await cursor.read();
  const suspects = startingAfter(survey.suspects, after);
  let begun = 0;
  const limit = pLimit(parallel);
  await limit.map(suspects, async (run) => {
    if (deps.clock.now() >= until) return;
    begun += 1;
    await attempt(run.runId, () => repairRun(deps, run));
  });
  const left = suspects.length - begun;
  const stoppedAt = suspects[begun - 1];
  const last = left === 0 ? undefined : stoppedAt ? orderKey(stoppedAt) : after;
  if (last !== after) await cursor.write(last);
  await queues;
  return { found, left };
}

type Attempt = (what: string, work: () => Promise<string | undefined>) => Promise<void>;

/** Frees the slots that nobody holds any more, and wakes the queued runs that have room. */
async function wakeQueues(deps: Deps, survey: Survey, attempt: Attempt, until: number): Promise<void> {
  // A slot of a repository where no run waits counts for those of the others.
  let others: string[] = [];
  await attempt('slots', async () => {
    others = (await deps.admission.countedScopes()).filter((scope) => !survey.queues.has(scope));
    return undefined;
  });
  for (const scope of [...others, ...survey.queues]) {
    if (deps.clock.now() >= until) break;
    await attempt(scope, async () => {
      const freed = await freeSlots(deps, scope, survey.unfinished);
      if (survey.queues.has(scope)) await wakeQueued(deps, scope);
      return freed > 0 ? 'slots-freed' : undefined;
    });
  }
}

/** Frees the slots of runs that have ended: their last step died before it did so, or an admission was late. */
async function freeSlots(deps: Deps, scope: string, unfinished: ReadonlySet<string>): Promise<number> {
  let freed = 0;
  for (const runId of await deps.admission.slotHolders(scope)) {
    if (unfinished.has(runId) || !(await hasEnded(deps, runId))) continue;
    await deps.admission.releaseSlot(scope, runId);
    freed += 1;
  }
  return freed;
}

/**
 * Checks the CI of waiting runs; an error in one does not affect the others. Each owner of repositories has a budget of
 * requests at the host: once it is used up, its other runs are left to the next pass.
 * @returns What failed.
 */
export async function checkCi(deps: Deps, runs: RunRecord[], until: number): Promise<Reconciled[]> {
  const found: Reconciled[] = [];
  await inGroups(
    runs,
    ({ repository }) => repository.split('/', 1)[0] ?? '',
    async ({ runId }) => {
      if (deps.clock.now() >= until) return false;
      try {
        await sweepCi(deps, [runId]);
      } catch (error) {
        const did = viewError(error).name;
        found.push({ runId, did });
        return did !== 'HostRateLimited';
      }
      return true;
    },
  );
  return found;
}

/** The suspects in turn: first those after the cursor, then the others. */
function startingAfter(suspects: RunRecord[], after: string | undefined): RunRecord[] {
  const sorted = suspects.toSorted((a, b) => (orderKey(a) < orderKey(b) ? -1 : 1));
  const first = after === undefined ? 0 : sorted.findIndex((run) => orderKey(run) > after);
  return first <= 0 ? sorted : [...sorted.slice(first), ...sorted.slice(0, first)];
}

const orderKey = ({ createdAt, runId }: RunRecord): string => `${createdAt} ${runId}`;

async function repairRun(deps: Deps, { runId, createdAt }: RunRecord): Promise<string | undefined> {
  const execution = await deps.executions.describe(runId);
  if (execution?.running) {
    await recover(deps, [runId]);
    return undefined;
  }
  if (execution) {
    await endRun(deps, runId, {
      status: 'failed',
      error: 'Internal',
      cause: `The execution ended in the state ${execution.state} without settling the run.`,
    });
    return 'settled';
  }
  if (deps.clock.now() - Date.parse(createdAt) < startMs) return undefined;
  await deps.executions.start(runId, { runId });
  return 'started';
}
