import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import type { Channel, RunRecord } from '../../core/run/record.ts';
import { isFinal } from '../../core/run/status.ts';
import type { Deps } from '../deps.ts';
import { closeGate } from '../gates/close-gate.ts';
import { answerPhase } from '../phases/answer-phase.ts';
import { record as recordEvent } from '../runs/record-event.ts';

/**
 * Stops a run in any state: sets a mark that the next step checks, closes open gates and stops running phases. The
 * state machine then settles the run as usual.
 */
export async function stopRun(
  deps: Deps,
  runId: string,
  stop: NonNullable<RunRecord['stop']>,
  channel?: Channel,
): Promise<RunRecord> {
  const stopped = await deps.runs.update(runId, (run) => {
    if (isFinal(run.status))
      throw new DrydockError('GateClosed', `${runId} has already ended: ${run.status}.`, { remedy: '' });
    return run.stop ? undefined : { ...run, stop };
  });
  const mark = stopped.stop ?? stop;
  await recordEvent(deps, runId, {
    key: 'stop',
    type: 'stopped',
    text: `${mark.as} by ${mark.by}: ${mark.reason}`,
    who: mark.by,
    ...defined({ channel }),
  });
  await stopParts(deps, stopped);
  for (const phase of await deps.phases.byRun(runId)) {
    if (phase.status !== 'launched') continue;
    await deps.launcher.stop(phase);
    // The end of the phase has answered the token, unless no process ran the phase: then this call answers it.
    await answerPhase(deps, phase.phaseId, phase.attempt, { error: mark.as, cause: mark.reason, patch: {} });
  }
  for (const gate of await deps.gates.byRun(runId)) {
    if (gate.status === 'pending')
      await closeGate(deps, gate.gateId, mark.as === 'Cancelled' ? 'cancelled' : 'superseded', mark.by, mark.reason);
  }
  return stopped;
}

/** Stops the run of a part, if it still runs. */
export async function stopPart(deps: Deps, runId: string, stop: NonNullable<RunRecord['stop']>): Promise<void> {
  try {
    await stopRun(deps, runId, stop);
  } catch (error) {
    // It ended meanwhile, or it was not created yet: whoever creates it stops it.
    if (!(error instanceof DrydockError) || !['GateClosed', 'RunNotFound'].includes(error.name)) throw error;
  }
}

/** Stops the parts that run, with their campaign. */
export async function stopParts(deps: Deps, { runId, stop, campaign }: RunRecord): Promise<void> {
  const mark = stop ?? { as: 'Cancelled' as const, by: 'drydock', reason: `the campaign ${runId} ended` };
  for (const part of Object.values(campaign?.parts ?? {}))
    if (part.status === 'running') await stopPart(deps, part.runId, mark);
}
