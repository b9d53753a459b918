import { viewError } from '../../core/errors.ts';
import type { PhaseRecord } from '../../core/ports/store/phases.ts';
import { slotScope, wakeQueued } from '../admission/admission.ts';
import type { Deps } from '../deps.ts';
import { applyDecision } from '../gates/apply-decision.ts';
import { closeGate } from '../gates/close-gate.ts';
import { answerPhase, deliverPhase } from '../phases/answer-phase.ts';
import { endPhase } from '../phases/end-phase.ts';
import { launchPhase } from '../phases/launch-phase.ts';

/**
 * Takes up what a process left when it ended: phases that ended unanswered are answered, phases that were cut off are
 * launched again as the next attempt, decisions that nobody delivered are delivered,
 * expired gates are closed, queued runs are in the queue.
 * @param runIds Runs whose execution waits for a token. Where a step was cut off, the engine calls it again, and the step
 * does all of this itself; both at once would launch a phase twice.
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
      else if (!(await deps.launcher.isRunning(phase))) await takeUp(deps, phase);
    }
    for (const gate of await deps.gates.byRun(runId)) {
      if (gate.status === 'decided') await applyDecision(deps, gate);
      else if (run.stop) {
        const outcome = run.stop.as === 'Cancelled' ? 'cancelled' : 'superseded';
        await closeGate(deps, gate.gateId, outcome, run.stop.by, run.stop.reason);
      } else if (gate.kind === 'slot') {
        // A process that ended while it woke this run has taken it from the queue already.
        await deps.admission.enqueue(slotScope(run), runId, run.createdAt);
      }
    }
  }
  for (const scope of scopes) await wakeQueued(deps, scope);
}

/** Closes gates that nobody decided in time: their runs do not wait any more, and the engine's time limit ends them. */
export async function closeExpired(deps: Deps, runIds: string[]): Promise<void> {
  for (const runId of runIds) {
    for (const gate of await deps.gates.byRun(runId)) {
      if (gate.status === 'pending' && Date.parse(gate.expiresAt) <= deps.clock.now())
        await closeGate(deps, gate.gateId, 'expired', 'drydock', 'not decided in time');
    }
  }
}

/** A phase whose sandbox is gone: what it left is settled; where it could leave nothing, it is launched again. */
async function takeUp(deps: Deps, phase: PhaseRecord): Promise<void> {
  const end = await deps.launcher.left(phase);
  if (end) await endPhase(deps, phase.phaseId, phase.attempt, end);
  else await relaunch(deps, phase);
}

async function relaunch(deps: Deps, phase: PhaseRecord): Promise<void> {
  try {
    await launchPhase(deps, phase.request, await deps.vault.open(phase.token));
  } catch (error) {
    const view = viewError(error);
    // The attempt that failed to start may have been counted already.
    const { attempt } = (await deps.phases.get(phase.phaseId)) ?? phase;
    await answerPhase(deps, phase.phaseId, attempt, { error: view.name, cause: view.message, patch: {} });
  }
}
