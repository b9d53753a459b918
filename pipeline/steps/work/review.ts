import { launchPhase } from '../../phases/launch-phase.ts';
import type { Step } from '../step.ts';

/** Starts an agent that did not write the change and that reviews it. `endPhase` answers the token. */
export const review: Step<'review'> =
  (deps) =>
  async ({ runId, round, reviewer, token }) => {
    await launchPhase(deps, { runId, phase: 'review', round, reviewer }, token);
    return {};
  };
