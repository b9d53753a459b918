import { launchPhase } from '../../phases/launch-phase.ts';
import type { Step } from '../step.ts';

/** Baseline tests, then the agent reads and plans; its edits are discarded. Answered by `endPhase`. */
export const plan: Step<'plan'> =
  (deps) =>
  async ({ runId, round, token }) => {
    await launchPhase(deps, { runId, phase: 'plan', round }, token);
    return {};
  };
