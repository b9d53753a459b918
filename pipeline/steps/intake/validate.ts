import { loadRunContext } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/** A sandbox needs this long beside its own limit: fetching, starting, stopping, storing what it left. */
const phaseMarginSeconds = 600;

/** Spec at its blob, policy, quorum, runtime and gates; throws the first refusal with all of them in its message. */
export const validate: Step<'validate'> =
  (deps) =>
  async ({ runId }) => {
    const { record, task } = await loadRunContext(deps, runId);
    await deps.runs.update(runId, (run) => ({
      ...run,
      state: 'Validate',
      team: task.team,
      agent: task.agent.name,
      capMicros: task.limits.usdMicros,
    }));
    return {
      dryRun: record.dryRun,
      limits: {
        reworkRounds: task.limits.reworkRounds,
        gateSeconds: task.expiresHours * 3600,
        phaseSeconds: Math.ceil(task.limits.timeoutMs / 1000) + phaseMarginSeconds,
      },
    };
  };
