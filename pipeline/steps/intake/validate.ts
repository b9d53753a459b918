import { loadTask } from '../../runs/task.ts';
import type { Step } from '../step.ts';

/** A sandbox needs this long beside its own limit: fetching, starting, stopping, storing what it left. */
const phaseMarginSeconds = 600;

/** Spec at its blob, policy, quorum, runtime and gates; throws the first refusal with all of them in its message. */
export const validate: Step<'validate'> =
  (deps) =>
  async ({ runId }) => {
    const { record, effective } = await loadTask(deps, runId);
    await deps.runs.update(runId, (run) => ({
      ...run,
      state: 'Validate',
      team: effective.team,
      agent: effective.agent.name,
      capMicros: effective.limits.usdMicros,
    }));
    return {
      dryRun: record.dryRun,
      limits: {
        reworkRounds: effective.limits.reworkRounds,
        gateSeconds: effective.expiresHours * 3600,
        phaseSeconds: Math.ceil(effective.limits.timeoutMs / 1000) + phaseMarginSeconds,
      },
    };
  };
