import { DrydockError, type ErrorView, errorKinds, isErrorName } from '../../../core/errors.ts';
import { isFinal } from '../../../core/run/status.ts';
import { dequeueRun, slotScope, sprintOf, wakeNext } from '../../admission/admission.ts';
import { tellConversation } from '../../asks/conversation.ts';
import { anchorRun } from '../../audit/anchor.ts';
import { spentOf } from '../../campaign/money.ts';
import { wakeCampaign } from '../../campaign/wake.ts';
import { stopParts } from '../../lifecycle/stop-run.ts';
import type { Outcome } from '../../payloads.ts';
import { record as recordEvent } from '../../runs/record-event.ts';
import { bestEffort, reportRun } from '../../runs/report-run.ts';
import { accessRepository, loadTask } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/** The end of every run: stops leftovers, settles the money, frees the slot, writes the final record. Idempotent. */
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
    await stopParts(deps, record);
    const { spentMicros, tokens } = await spentOf(deps, record);
    const task = await loadTask(deps, record);
    const sprint = sprintOf(task.budget, Date.parse(record.createdAt));
    if (sprint && record.parent === undefined)
      await deps.ledger.settle({ runId, team: record.team, sprint: sprint.sprint, spentMicros });
    const error = errorOf(outcome, record.taskId);
    // The state machine only knows that the run was rejected; the gate has the reason.
    const rejection =
      outcome.error === 'Rejected' ? gates.findLast((gate) => gate.decision?.outcome === 'rejected') : undefined;
    if (error && rejection?.decision) {
      const { by, text } = rejection.decision;
      error.message = `${by.join(', ')}: ${text || 'no reason given'}`;
    }
    await recordEvent(deps, runId, {
      key: 'ended',
      type: 'ended',
      text: error ? `${outcome.status}: ${besides(outcome.status, error)}` : outcome.status,
      data: { usdMicros: spentMicros, tokens },
    });
    if (gates.some((gate) => gate.kind === 'slot')) await dequeueRun(deps, record);
    if (record.parent === undefined) {
      await deps.admission.releaseSlot(slotScope(record), runId);
      await wakeNext(deps, record, task);
    }
    const { pullRequest } = record;
    const ending = {
      state: 'Settle',
      status: outcome.status,
      spentMicros,
      tokens,
      endedAt: at,
      ...(error ? { error } : {}),
      // Deliver has marked the pull request as ready.
      ...(pullRequest && outcome.status === 'delivered' ? { pullRequest: { ...pullRequest, draft: false } } : {}),
    };
    if (!isFinal(record.status)) {
      await reportRun(deps, runId, ending);
      await tellConversation(deps, { ...record, ...ending }, task);
    }
    // Credentials that cannot be revoked now stay recorded, and a later cleanup revokes them.
    await bestEffort(deps, record, () => accessRepository(deps, task, runId).host.release());
    if (!isFinal(record.status)) await anchorRun(deps, { ...record, ...ending });
    // Last, so that everything else is done when the record is final.
    const ended = await deps.runs.update(runId, ({ gate: _gate, ...run }) =>
      isFinal(run.status) ? undefined : { ...run, ...ending },
    );
    // After its end, so that the campaign finds it.
    if (record.parent !== undefined) await wakeCampaign(deps, record.parent.runId);
    // After its end, which the message tells; a settlement that is repeated tells it again, and once.
    if (ended.status !== 'delivered')
      await bestEffort(deps, ended, () => deps.notifier.tell({ about: 'ended', runId }));
    await bestEffort(deps, ended, async () => deps.afterRun?.(runId));
    return { status: ended.status };
  };

/** What a status does not say yet: `rejected` needs no further `Rejected`. */
const besides = (status: string, { name, message }: ErrorView): string =>
  name.toLowerCase() === status ? message : `${name}: ${message}`;

/**
 * Error and cause of the state machine for people; Lambda and `causeOf` wrap the message in JSON. The commands of a
 * remedy name the run, so that they can be typed as they stand.
 */
function errorOf({ error, cause = '' }: Outcome, taskId: string): ErrorView | undefined {
  if (error === undefined) return undefined;
  const name = isErrorName(error) ? error : 'Internal';
  const { message, remedy } = read(cause);
  const advice = (remedy || errorKinds[name].remedy).replace(/\bRUN\b/g, () => taskId);
  return { name, message: message || error, remedy: advice };
}

function read(cause: string): { message: string; remedy?: string } {
  try {
    const value: unknown = JSON.parse(cause);
    if (typeof value === 'object' && value !== null && 'errorMessage' in value)
      return {
        message: String(value.errorMessage),
        ...('remedy' in value && typeof value.remedy === 'string' ? { remedy: value.remedy } : {}),
      };
  } catch {
    // A cause that is not JSON of Lambda is the message itself.
  }
  return { message: cause };
}
