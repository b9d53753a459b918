import { causeOf, viewError } from '../../core/errors.ts';
import type { PhaseRecord } from '../../core/ports/store/phases.ts';
import { enqueueRun, slotScope, wakeQueued } from '../admission/admission.ts';
import { wakeCampaign } from '../campaign/wake.ts';
import type { Deps } from '../deps.ts';
import { applyDecision } from '../gates/apply-decision.ts';
import { closeGate } from '../gates/close-gate.ts';
import { answerPhase, deliverPhase } from '../phases/answer-phase.ts';
import { endPhase } from '../phases/end-phase.ts';
import { launchPhase } from '../phases/launch-phase.ts';
import { loadTask } from '../runs/run-context.ts';

/**
 * Recovers runs after a crash: answers ended phases, launches interrupted phases again as the next attempt, delivers
 * undelivered decisions, closes expired gates and puts queued runs back into the queue.
 * @param runIds Runs whose execution waits for a token. If a step was interrupted, the engine calls it again and the
 * step recovers itself; doing both at the same time would launch a phase twice.
 */
export async function recover(deps: Deps, runIds: string[]): Promise<void> {
  await closeExpired(deps, runIds);
  const scopes = new Set<string>();
  for (const runId of runIds) {
    const run = await deps.runs.get(runId);
    if (!run) continue;
    scopes.add(slotScope(run));
    for (const phase of await deps.phases.byRun(runId)) {
      if (phase.answer) await deliverPhase(deps, phase);
      else if (!(await deps.launcher.isRunning(phase))) await recoverPhase(deps, phase);
    }
    for (const gate of await deps.gates.byRun(runId)) {
      if (gate.status === 'decided') await applyDecision(deps, gate);
      else if (run.stop) {
        const outcome = run.stop.as === 'Cancelled' ? 'cancelled' : 'superseded';
        await closeGate(deps, gate.gateId, outcome, run.stop.by, run.stop.reason);
      } else if (gate.kind === 'parts') {
        await wakeCampaign(deps, runId);
      } else if (gate.kind === 'slot') {
        // A process that crashed while it woke this run may have already removed it from the queue.
        await enqueueRun(deps, run, await loadTask(deps, run));
      }
    }
  }
  for (const scope of scopes) await wakeQueued(deps, scope);
}

/** Closes expired gates. The time limit of the waiting state then ends their runs. */
export async function closeExpired(deps: Deps, runIds: string[]): Promise<void> {
  for (const runId of runIds) {
    for (const gate of await deps.gates.byRun(runId)) {
      if (gate.status === 'pending' && Date.parse(gate.expiresAt) <= deps.clock.now())
        await closeGate(deps, gate.gateId, 'expired', 'drydock', 'not decided in time');
    }
  }
}

/** Ends a phase whose sandbox is gone with the result it left; launches it again if there is none. */
async function recoverPhase(deps: Deps, phase: PhaseRecord): Promise<void> {
  const end = await deps.launcher.left(phase);
  if (end) await endPhase(deps, phase.phaseId, phase.attempt, end);
  else await relaunch(deps, phase);
}

async function relaunch(deps: Deps, phase: PhaseRecord): Promise<void> {
  try {
    await launchPhase(deps, phase.request, await deps.vault.open(phase.token));
  } catch (error) {
    const view = viewError(error);
    // The failed launch may have already raised the attempt.
    const { attempt } = (await deps.phases.get(phase.phaseId)) ?? phase;
    await answerPhase(deps, phase.phaseId, attempt, { error: view.name, cause: causeOf(view), patch: {} });
  }
}
