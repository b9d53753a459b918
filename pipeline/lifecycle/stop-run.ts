import { DrydockError } from '../../core/errors.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { isFinal } from '../../core/run/status.ts';
import type { Deps } from '../deps.ts';
import { closeGate } from '../gates/close-gate.ts';
import { answerPhase } from '../phases/answer-phase.ts';
import { record as recordEvent } from '../runs/record-event.ts';

/**
 * Stops a run wherever it is: the mark is seen by its next step, an open gate is closed, a running phase is ended. The
 * machine then settles it like any other end.
 */
export async function stopRun(deps: Deps, runId: string, stop: NonNullable<RunRecord['stop']>): Promise<RunRecord> {
  const stopped = await deps.runs.update(runId, (run) => {
    if (isFinal(run.status)) throw new DrydockError('GateClosed', `${runId} has ended: ${run.status}.`, { remedy: '' });
    return run.stop ? undefined : { ...run, stop };
  });
  const mark = stopped.stop ?? stop;
  await recordEvent(deps, runId, { key: 'stop', type: 'stopped', text: `${mark.as} by ${mark.by}: ${mark.reason}` });
  for (const phase of await deps.phases.byRun(runId)) {
    if (phase.status !== 'launched') continue;
    await deps.launcher.stop(phase);
    // Its end has answered the token; this answers for a phase that nobody runs any more.
    await answerPhase(deps, phase.phaseId, phase.attempt, { error: mark.as, cause: mark.reason, patch: {} });
  }
  for (const gate of await deps.gates.byRun(runId)) {
    if (gate.status === 'pending')
      await closeGate(deps, gate.gateId, mark.as === 'Cancelled' ? 'cancelled' : 'superseded', mark.by, mark.reason);
  }
  return stopped;
}
