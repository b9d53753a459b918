import { launchPhase } from '../../phases/launch-phase.ts';
import type { Step } from '../step.ts';

/** The agent works to the next checkpoint, from the base and the last change set. Answered by `endPhase`. */
export const build: Step<'build'> =
  (deps) =>
  async ({ runId, round, phase, token }) => {
    await launchPhase(deps, { runId, phase, round }, token);
    return {};
  };
