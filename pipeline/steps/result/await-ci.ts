import { answerCiWait } from '../../gates/ci-gate.ts';
import { closeGate } from '../../gates/close-gate.ts';
import { gateIdOf, openGate } from '../../gates/open-gate.ts';
import { gateAnswer } from '../../payloads.ts';
import { loadRunContext, refuseStopped } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/**
 * Waits for the spec's CI gates on exactly this head. The results are read from the host now and after each of its
 * webhooks. If the host has no CI, Verify has already run the gates as commands of the policy, so they are green here.
 */
export const awaitCi: Step<'await-ci'> =
  (deps) =>
  async ({ runId, round, token }) => {
    const context = await loadRunContext(deps, runId);
    refuseStopped(context.record);
    const { collaboration } = context.host;
    const gates = collaboration ? context.task.spec.review.ci_gates : context.task.ci.map((gate) => gate.name);
    if (gates.length === 0) {
      await deps.executions.succeed(token, gateAnswer.parse({ outcome: 'green' }));
      return {};
    }
    await openGate(deps, context, 'AwaitCi', {
      kind: 'ci',
      round,
      token,
      head: context.record.commit ?? '',
      title: `CI gates: ${gates.join(', ')}`,
      text: gates.join(', '),
      eligible: [],
      required: 1,
    });
    if (collaboration) await answerCiWait(deps, runId);
    else await closeGate(deps, gateIdOf(runId, 'ci', round), 'green', 'verify', 'run in Verify');
    return {};
  };
