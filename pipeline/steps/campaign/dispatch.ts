import { advanceCampaign, waitOver } from '../../campaign/advance.ts';
import { closeGate } from '../../gates/close-gate.ts';
import { gateIdOf, openGate } from '../../gates/open-gate.ts';
import { loadRunContext, refuseStopped } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/**
 * Starts every part that is ready, as an execution of the same machine, and waits until one ends (R35). The end of a part
 * answers the wait.
 */
export const dispatch: Step<'dispatch'> =
  (deps) =>
  async ({ runId, round, token }) => {
    const context = await loadRunContext(deps, runId);
    refuseStopped(context.record);
    await advanceCampaign(deps, runId);
    // After the ends of parts were taken over, so that an end never answers a wait that has not taken over another one.
    await openGate(deps, context, 'Dispatch', {
      kind: 'parts',
      round,
      token,
      head: 'parts',
      title: 'Waiting for the parts of the campaign',
      text: '',
      eligible: [],
      required: 1,
    });
    const outcome = await waitOver(deps, runId);
    if (outcome !== undefined) await closeGate(deps, gateIdOf(runId, 'parts', round), outcome, 'drydock', '');
    return {};
  };
