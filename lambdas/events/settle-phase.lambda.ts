import { readStopped } from '../../adapters/aws/phases/stopped.ts';
import { endPhase } from '../../pipeline/phases/end-phase.ts';
import { fargate } from '../runtime/fargate.ts';
import { measurePhase } from '../runtime/phase-metrics.ts';
import { withDeps } from '../runtime/step-handler.ts';

/**
 * Handles a stopped task of a phase. After the sandbox, it stops the gateway, which stores the outputs; after the
 * gateway, it ends the phase.
 */
export const handler = withDeps(
  async (deps, event) => {
    const task = readStopped(event);
    if (!task) return;
    // Neither task is of use without the other.
    await fargate().stop(task);
    if (task.role === 'sandbox') return;
    const end = await fargate().endOf(task);
    await endPhase(deps, task.phaseId, task.attempt, end);
    measurePhase(task.phaseId.split('/')[1] ?? '', end.ms);
  },
  { launching: fargate },
);
