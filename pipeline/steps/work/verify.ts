import { formatViolations, remedyForSecrets } from '../../../core/guard/violation.ts';
import { phaseIdOf } from '../../../core/run/phase-request.ts';
import { answerPhase } from '../../phases/answer-phase.ts';
import { failedVerify } from '../../phases/failed-verify.ts';
import { guardTask } from '../../phases/guard-task.ts';
import { launchPhase } from '../../phases/launch-phase.ts';
import { loadRunContext } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/**
 * The verdict on a change (law 3): the guard runs outside the sandbox, then a fresh sandbox with its own secret and no
 * model runs the commands on base and change set. If the guard refuses the change, no sandbox is started.
 */
export const verify: Step<'verify'> =
  (deps) =>
  async ({ runId, round, token }) => {
    const request = { runId, phase: 'verify' as const, round };
    const context = await loadRunContext(deps, runId);
    const violations = await guardTask(deps, context);
    if (violations.length === 0) {
      await launchPhase(deps, request, token);
      return {};
    }
    const phase = await deps.phases.launch({
      phaseId: phaseIdOf(request),
      runId,
      token: await deps.vault.seal(token),
      request,
    });
    const reason = violations.every(({ rule }) => rule === 'TestsWeakened') ? 'TestsWeakened' : 'GuardRefused';
    const [text, remedy] = [formatViolations(violations), remedyForSecrets(violations)];
    const { answer, patch } = await failedVerify(deps, context, reason, text, remedy);
    await answerPhase(deps, phase.phaseId, phase.attempt, { output: answer, patch });
    return {};
  };
