import { DrydockError, type ErrorView, errorKinds, isErrorName } from '../../../core/errors.ts';
import { isFinal } from '../../../core/run/status.ts';
import { slotScope, sprintOf, wakeQueued } from '../../admission/admission.ts';
import type { Outcome } from '../../payloads.ts';
import { record as recordEvent } from '../../runs/record-event.ts';
import { bestEffort, reportRun } from '../../runs/report-run.ts';
import { accessRepository, loadTask } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/** The end of every run: leftovers stopped, money settled, the place given on, the final record. Idempotent. */
export const settle: Step<'settle'> =
  (deps) =>
  async ({ runId, outcome }) => {
    const record = await deps.runs.get(runId);
    if (!record) throw new DrydockError('RunNotFound', `There is no run ${runId}.`);
    for (const phase of await deps.phases.byRun(runId)) {
      if (phase.status === 'launched') await deps.launcher.stop(phase);
    }
    const at = new Date(deps.clock.now()).toISOString();
    const gates = await deps.gates.byRun(runId);
    for (const gate of gates) {
      if (gate.status === 'pending')
        await deps.gates.decide(gate.gateId, { outcome: 'expired', by: ['settle'], text: outcome.error ?? '', at });
    }
    const calls = await deps.ledger.calls(runId);
    const spentMicros = calls.reduce((sum, call) => sum + call.usdMicros, 0);
    const task = await loadTask(deps, record);
    const sprint = sprintOf(task.budget, Date.parse(record.createdAt));
    if (sprint) await deps.ledger.settle({ runId, team: record.team, sprint: sprint.sprint, spentMicros });
    const error = errorOf(outcome);
    // The machine knows that somebody said no; why, is with the gate.
    const no =
      outcome.error === 'Rejected' ? gates.findLast((gate) => gate.decision?.outcome === 'rejected') : undefined;
    if (error && no?.decision) error.message = `${no.decision.by.join(', ')}: ${no.decision.text || 'no reason given'}`;
    await recordEvent(deps, runId, {
      key: 'ended',
      type: 'ended',
      text: error ? `${outcome.status}: ${error.name}: ${error.message}` : outcome.status,
      data: { usdMicros: spentMicros },
    });
    const scope = slotScope(record);
    if (gates.some((gate) => gate.kind === 'slot')) await deps.admission.dequeue(scope, runId);
    await deps.admission.releaseSlot(scope, runId);
    await wakeQueued(deps, scope);
    const { pullRequest } = record;
    const ending = {
      state: 'Settle',
      status: outcome.status,
      spentMicros,
      endedAt: at,
      ...(error ? { error } : {}),
      // Deliver has marked it as ready.
      ...(pullRequest && outcome.status === 'delivered' ? { pullRequest: { ...pullRequest, draft: false } } : {}),
    };
    if (!isFinal(record.status)) await reportRun(deps, runId, ending);
    // What cannot be revoked now stays on the list, and whoever starts next revokes it.
    await bestEffort(deps, record, () => accessRepository(deps, task, runId).host.release());
    // Last: whoever sees a final record finds everything else done.
    const ended = await deps.runs.update(runId, ({ gate: _gate, ...run }) =>
      isFinal(run.status) ? undefined : { ...run, ...ending },
    );
    return { status: ended.status };
  };

/** The machine's error and cause as people see them; Lambda wraps the message in JSON. */
function errorOf({ error, cause }: Outcome): ErrorView | undefined {
  if (error === undefined) return undefined;
  const name = isErrorName(error) ? error : 'Internal';
  return { name, message: messageOf(cause ?? '') || error, remedy: errorKinds[name].remedy };
}

function messageOf(cause: string): string {
  try {
    const value: unknown = JSON.parse(cause);
    if (typeof value === 'object' && value !== null && 'errorMessage' in value) return String(value.errorMessage);
  } catch {
    // a cause that is not Lambda's JSON is the message itself
  }
  return cause;
}
