import { launchPhase } from '../../phases/launch-phase.ts';
import type { Step } from '../step.ts';

/** Starts the baseline tests and the planning agent; its edits are discarded. `endPhase` answers the token. */
export const plan: Step<'plan'> =
  (deps) =>
  async ({ runId, round, token }) => {
    await launchPhase(deps, { runId, phase: 'plan', round }, token);
    return {};
  };
