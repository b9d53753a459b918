import { viewError } from '../core/errors.ts';
import type { RunRecord } from '../core/run/record.ts';
import { isFinal } from '../core/run/status.ts';
import type { Deps } from './deps.ts';
import { recover } from './lifecycle/recover.ts';
import type { Outcome } from './payloads.ts';
import { settle } from './steps/result/settle.ts';
import { sweepCi } from './webhooks/sweep.ts';

/** Only the newest runs are checked. A person has to handle an unfinished run that is older than these. */
const maxRuns = 1_000;
/** A record without an execution after this time means that its trigger crashed: an execution starts within seconds. */
const startMs = 10 * 60_000;

/** Settles a run whose state machine can no longer do so. Idempotent. */
export const endRun = (deps: Deps, runId: string, outcome: Outcome): Promise<unknown> =>
  settle(deps)({ runId, outcome });

interface Reconciled {
  runId: string;
  /** `settled`, `started`, or the name of the error. */
  did: string;
}

/**
 * Repairs every unfinished run after lost events: an execution that never started, an execution that ended without
 * Settle, and in running ones unanswered phases, undelivered decisions and unreported CI. An error in one run does not
 * affect the others. `oldestWaitMs`: milliseconds since the oldest open wait for a person began.
 */
export async function reconcile(deps: Deps): Promise<{ found: Reconciled[]; oldestWaitMs: number }> {
  const found: Reconciled[] = [];
  let oldestWaitMs = 0;
  for (const run of await deps.runs.list(maxRuns)) {
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
      cause: `The execution ended in the state ${execution.state} without settling the run.`,
    });
    return 'settled';
  }
  if (deps.clock.now() - Date.parse(createdAt) < startMs) return undefined;
  await deps.executions.start(runId, { runId });
  return 'started';
}
