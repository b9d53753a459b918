import { launchPhase } from '../../phases/launch-phase.ts';
import { loadRunContext } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/**
 * Starts the baseline tests and the planning agent; its edits are discarded. In a run that asks an agent for one answer,
 * starts this agent. `endPhase` answers the token.
 */
export const plan: Step<'plan'> =
  (deps) =>
  async ({ runId, round, token }) => {
    const { kind = 'plan' } = (await loadRunContext(deps, runId)).record;
    await launchPhase(deps, { runId, phase: kind, round }, token);
    return {};
  };
