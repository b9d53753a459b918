import { launchPhase } from '../../phases/launch-phase.ts';
import type { Step } from '../step.ts';

/** Starts the agent on the base and the last change set, up to the next checkpoint. `endPhase` answers the token. */
export const build: Step<'build'> =
  (deps) =>
  async ({ runId, round, phase, token }) => {
    await launchPhase(deps, { runId, phase, round }, token);
    return {};
  };
