import { loadRunContext } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/** Time of a phase outside its sandbox's own limit: fetching, starting, stopping, storing the results. */
const phaseMarginSeconds = 600;

/** The parts of a campaign may wait for people, for days each. Step Functions waits for at most a year. */
const partsSeconds = 90 * 24 * 3600;

/**
 * Reads the effective task and gives the state machine its limits. Submit has checked the spec against the policy; a
 * stored task that is missing or damaged ends the run here, before anything is claimed. @throws FileUnreadable.
 */
export const validate: Step<'validate'> =
  (deps) =>
  async ({ runId }) => {
    const { record, task } = await loadRunContext(deps, runId);
    // The guard needs them at the end: what is unreadable is said before anything is spent.
    const folder = task.dependencies?.advisories;
    if (folder !== undefined) await deps.advisories(folder);
    return {
      dryRun: record.dryRun,
      campaign: task.spec.campaign !== undefined,
      part: record.parent !== undefined,
      limits: {
        reworkRounds: task.limits.reworkRounds,
        // A policy may say 0.5 hours or less; a state waits for whole seconds.
        gateSeconds: Math.ceil(task.expiresHours * 3600),
        reviewers: task.reviewers?.length ?? 0,
        phaseSeconds: Math.ceil(task.limits.timeoutMs / 1000) + phaseMarginSeconds,
        partsSeconds,
      },
    };
  };
