import { viewError } from '../../core/errors.ts';
import type { PhaseRecord } from '../../core/ports/store/phases.ts';
import { slotScope, wakeQueued } from '../admission/admission.ts';
import type { Deps } from '../deps.ts';
import { applyDecision, closeGate } from '../gates/decide-gate.ts';
import { answerPhase, deliverPhase } from '../phases/answer-phase.ts';
import { launchPhase } from '../phases/launch-phase.ts';
import type { PhaseRequest } from '../phases/phase-request.ts';
import { settlePhase } from '../phases/settle-phase.ts';

/**
 * Takes up what an owner left when it died: phases that ended unanswered are answered, phases that were cut off are
 * launched again as the next try, decisions that nobody delivered are delivered, expired gates are closed.
 * @param runIds Runs whose execution is unfinished.
 */
export async function recover(deps: Deps, runIds: string[]): Promise<void> {
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
      else if (run.stop)
        await closeGate(
          deps,
          gate.gateId,
          run.stop.as === 'Cancelled' ? 'cancelled' : 'superseded',
          run.stop.by,
          run.stop.reason,
        );
    }
  }
  for (const scope of scopes) await wakeQueued(deps, scope);
}

/** A phase whose sandbox is gone: what it left is settled; where it could leave nothing, it is launched again. */
async function takeUp(deps: Deps, phase: PhaseRecord): Promise<void> {
  const end = await deps.launcher.left(phase);
  if (end) await settlePhase(deps, phase.phaseId, phase.attempt, end);
  else await relaunch(deps, phase);
}

async function relaunch(deps: Deps, phase: PhaseRecord): Promise<void> {
  const request = phase.request as unknown as PhaseRequest;
  // Money that a cut-off try spent stays charged.
  for (let attempt = 1; attempt <= phase.attempt; attempt++) {
    await deps.ledger.recordCalls(phase.runId, await deps.launcher.calls(`${phase.phaseId}/${attempt}`));
  }
  try {
    await launchPhase(deps, request, await deps.vault.open(phase.token));
  } catch (error) {
    const view = viewError(error);
    await answerPhase(deps, phase.phaseId, phase.attempt, { error: view.name, cause: view.message, patch: {} });
  }
}
