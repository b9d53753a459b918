import { defined } from '../../../core/defined.ts';
import { launchPhase } from '../../phases/launch-phase.ts';
import type { Step } from '../step.ts';

/**
 * Starts an agent on the base and the last change set: up to the next checkpoint, or one that did not write the change and
 * reviews it. `endPhase` answers the token.
 */
export const build: Step<'build'> =
  (deps) =>
  async ({ runId, round, phase, reviewer, token }) => {
    await launchPhase(deps, { runId, phase, round, ...defined({ reviewer }) }, token);
    return {};
  };
