import { endOfPhase, readStopped } from '../adapters/aws/phases/stopped.ts';
import { settlePhase } from '../pipeline/phases/settle-phase.ts';
import { phaseStore } from './compose.ts';
import { withDeps } from './handler.ts';

/**
 * A task of a phase has stopped. A sandbox that is gone ends its gateway, which stores what there is; a gateway that is
 * gone ends the phase.
 */
export const handler = withDeps(async (deps, event) => {
  const task = readStopped(event);
  if (!task) return;
  const store = phaseStore();
  if (task.role === 'sandbox') await store.putStopped(task);
  // Either task is of no use without the other.
  await deps.launcher.stop(task);
  if (task.role === 'sandbox') return;
  const end = await endOfPhase(store, task, await store.stopped(task.phaseKey));
  await settlePhase(deps, task.phaseId, task.tries, end);
});
