import type { Gate } from '../../core/run/gate.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { slotScope } from '../admission/admission.ts';
import type { Deps } from '../deps.ts';
import { isToBeReminded } from '../notices/reminders.ts';
import { unfinishedRuns } from '../runs/unfinished.ts';

/** The period of the reconciler; a CI wait is checked in some of its passes. */
const passMs = 5 * 60_000;
/** For this time a CI wait is checked in each pass, then in one of three: its webhook normally ends it. */
const ciOftenMs = 60 * 60_000;
const ciTurns = 3;

export interface Survey {
  /** Ids of all unfinished runs. */
  unfinished: Set<string>;
  /** Runs whose stored state does not agree with what waits and runs, oldest first. Only these are looked at one by one. */
  suspects: RunRecord[];
  /** Runs whose CI wait should be checked now. */
  ci: RunRecord[];
  /** Gates whose people are to be reminded. */
  reminders: Gate[];
  /** Scopes with queued runs. */
  queues: Set<string>;
  /** Runs whose record cannot be read. */
  unreadable: string[];
  /** Milliseconds since the oldest open wait began; 0 if no run waits. */
  oldestWaitMs: number;
}

/**
 * Looks at all unfinished runs with requests for many runs at once: the pages of the index, the executions that run, the
 * tasks that run, the gates of waiting runs. A run that none of them explains is a suspect. What was read first is older
 * than a record, so a run that moved meanwhile is a suspect at worst, and the closer look finds it in order.
 * @param remindHours Hours before the expiry of a gate at which its people are reminded.
 */
export async function survey(deps: Deps, remindHours: readonly number[] = []): Promise<Survey> {
  const [executions, phases] = await Promise.all([deps.executions.running(), deps.launcher.active()]);
  const working = new Set([...phases].map((phaseKey) => phaseKey.split('/', 1)[0]));
  const queued = new Map<string, Set<string>>();
  const now = deps.clock.now();
  const found: Survey = {
    unfinished: new Set(),
    suspects: [],
    ci: [],
    reminders: [],
    queues: new Set(),
    unreadable: [],
    oldestWaitMs: 0,
  };
  const campaigns: RunRecord[] = [];
  for await (const { runs, unreadable } of unfinishedRuns(deps.runs)) {
    found.unreadable.push(...unreadable);
    const open = await deps.gates.many(runs.flatMap(({ gate }) => gate ?? []));
    const gates = new Map(open.map((gate) => [gate.gateId, gate]));
    for (const run of runs) {
      found.unfinished.add(run.runId);
      const gate = run.gate === undefined ? undefined : gates.get(run.gate);
      if (gate) found.oldestWaitMs = Math.max(found.oldestWaitMs, now - Date.parse(gate.openedAt));
      if (gate && isToBeReminded(gate, remindHours, now)) found.reminders.push(gate);
      const scope = slotScope(run);
      if (run.status === 'queued') {
        found.queues.add(scope);
        if (!queued.has(scope)) queued.set(scope, new Set(await deps.admission.queue(scope)));
      }
      const waits = gate !== undefined && isWaiting(gate, now);
      const inOrder =
        executions.has(run.runId) &&
        run.stop === undefined &&
        (run.gate === undefined
          ? working.has(run.runId)
          : waits && (gate.kind !== 'slot' || queued.get(scope)?.has(run.runId) === true));
      if (!inOrder) found.suspects.push(run);
      else if (gate?.kind === 'parts') campaigns.push(run);
      else if (gate?.kind === 'ci' && isCiDue(gate, now)) found.ci.push(run);
    }
  }
  // A part that has ended should have woken its campaign.
  for (const run of campaigns)
    if (runningParts(run).some((runId) => !found.unfinished.has(runId))) found.suspects.push(run);
  return found;
}

const runningParts = ({ campaign }: RunRecord): string[] =>
  Object.values(campaign?.parts ?? {}).flatMap(({ status, runId }) => (status === 'running' ? [runId] : []));

const isWaiting = (gate: Gate, now: number): boolean => gate.status === 'pending' && Date.parse(gate.expiresAt) > now;

/** The runs are spread over the passes by their ids. */
function isCiDue({ runId, openedAt }: Gate, now: number): boolean {
  if (now - Date.parse(openedAt) < ciOftenMs) return true;
  return Math.floor(now / passMs) % ciTurns === Number.parseInt(runId.slice(-6), 16) % ciTurns;
}
