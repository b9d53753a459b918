import { closeGate } from '../gates/decide-gate.ts';
import { gateIdOf, openGate } from '../gates/open-gate.ts';
import { loadTask, refuseStopped } from '../task.ts';
import type { Step } from './step.ts';

/**
 * Waits for the spec's CI gates on exactly this head. On a host without CI, Verify has run them as commands of the
 * policy, so that they are green when this state is reached.
 */
export const awaitCi: Step<'await-ci'> =
  (deps) =>
  async ({ runId, round, token }) => {
    const task = await loadTask(deps, runId);
    refuseStopped(task.record);
    const gates = task.effective.ci.map((gate) => gate.name);
    await openGate(deps, task, 'AwaitCi', {
      kind: 'ci',
      round,
      token,
      head: task.record.commit ?? '',
      title: gates.length === 0 ? 'No CI gates' : `CI gates: ${gates.join(', ')}`,
      text: gates.join(', '),
      eligible: [],
      required: 1,
    });
    await closeGate(
      deps,
      gateIdOf(runId, 'ci', round),
      'green',
      'verify',
      gates.length === 0 ? 'none asked for' : 'run in Verify',
    );
    return {};
  };
