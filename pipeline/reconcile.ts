import { viewError } from '../core/errors.ts';
import type { RunRecord } from '../core/run/record.ts';
import { isFinal } from '../core/run/status.ts';
import type { Deps } from './deps.ts';
import { recover } from './lifecycle/recover.ts';
import type { Outcome } from './payloads.ts';
import { settle } from './steps/result/settle.ts';
import { sweepCi } from './webhooks/sweep.ts';

/** Runs that are looked at: an unfinished one behind so many newer ones is a matter for a person. */
const newest = 1_000;
/** Whoever claims a run starts its execution within seconds, or died. */
const startMs = 10 * 60_000;

/** The end of a run whose machine cannot settle it any more. Doing it again changes nothing. */
export const endRun = (deps: Deps, runId: string, outcome: Outcome): Promise<unknown> =>
  settle(deps)({ runId, outcome });

interface Reconciled {
  runId: string;
  /** What was found and done, or the name of the error that came of it. */
  did: string;
}

/**
 * Finds what no event told, in every unfinished run: an execution that never started, one that ended without its Settle,
 * and in those under way, phases that ended unanswered, decisions that nobody delivered, and CI that nobody reported.
 * One run's fault is none of another's. `oldestWaitMs` is how long the run that waits longest for a person has waited.
 */
export async function reconcile(deps: Deps): Promise<{ found: Reconciled[]; oldestWaitMs: number }> {
  const found: Reconciled[] = [];
  let oldestWaitMs = 0;
  for (const run of await deps.runs.list(newest)) {
    if (isFinal(run.status)) continue;
    try {
      const gate = run.gate && (await deps.gates.get(run.gate));
      if (gate) oldestWaitMs = Math.max(oldestWaitMs, deps.clock.now() - Date.parse(gate.openedAt));
      const did = await reconcileRun(deps, run);
      if (did) found.push({ runId: run.runId, did });
    } catch (error) {
      found.push({ runId: run.runId, did: viewError(error).name });
    }
  }
  return { found, oldestWaitMs };
}

async function reconcileRun(deps: Deps, { runId, createdAt }: RunRecord): Promise<string | undefined> {
  const execution = await deps.executions.describe(runId);
  if (execution?.running) {
    await recover(deps, [runId]);
    await sweepCi(deps, [runId]);
    return undefined;
  }
  if (execution) {
    await endRun(deps, runId, {
      status: 'failed',
      error: 'Internal',
      cause: `The execution ended in ${execution.state} without settling the run.`,
    });
    return 'settled';
  }
  if (deps.clock.now() - Date.parse(createdAt) < startMs) return undefined;
  await deps.executions.start(runId, { runId });
  return 'started';
}
