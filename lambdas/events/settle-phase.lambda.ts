import { readStopped } from '../../adapters/aws/phases/stopped.ts';
import { endPhase } from '../../pipeline/phases/end-phase.ts';
import { fargate } from '../runtime/fargate.ts';
import { measurePhase } from '../runtime/phase-metrics.ts';
import { withDeps } from '../runtime/step-handler.ts';

/**
 * A task of a phase has stopped. A sandbox that is gone ends its gateway, which stores what there is; a gateway that is
 * gone ends the phase.
 */
export const handler = withDeps(async (deps, event) => {
  const task = readStopped(event);
  if (!task) return;
  // Either task is of no use without the other.
  await fargate().stop(task);
  if (task.role === 'sandbox') return;
  const end = await fargate().endOf(task);
  await endPhase(deps, task.phaseId, task.attempt, end);
  measurePhase(task.phaseId.split('/')[1] ?? '', end.ms);
});
