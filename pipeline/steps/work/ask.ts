import { DrydockError } from '../../../core/errors.ts';
import { launchPhase } from '../../phases/launch-phase.ts';
import { loadRunContext } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/** Starts the agent of a run that asks for one answer. `endPhase` answers the token. */
export const ask: Step<'ask'> =
  (deps) =>
  async ({ runId, round, token }) => {
    const { kind } = (await loadRunContext(deps, runId)).record;
    if (kind === undefined) throw new DrydockError('Internal', `Run ${runId} is a task.`);
    await launchPhase(deps, { runId, phase: kind, round }, token);
    return {};
  };
