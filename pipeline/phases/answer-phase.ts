import { partsMicros } from '../../core/campaign/state.ts';
import { defined } from '../../core/defined.ts';
import type { PhaseRecord, PhaseReply, WorkPatch } from '../../core/ports/store/phases.ts';
import type { ModelCall } from '../../core/run/phase.ts';
import { hasApplied, type RunRecord, type RunWork, withApplied } from '../../core/run/record.ts';
import { sumOf } from '../campaign/money.ts';
import type { Deps } from '../deps.ts';
import { phaseAnswer } from '../payloads.ts';

/**
 * The only function that answers the token of a phase: it stores the reply once, applies it to the run, sends it and
 * marks it as delivered. After a crash, another call continues at the interrupted step.
 */
export async function answerPhase(deps: Deps, phaseId: string, attempt: number, reply: PhaseReply): Promise<void> {
  await deps.phases.end(phaseId, attempt, reply);
  const phase = await deps.phases.get(phaseId);
  // A reply of an older attempt is ignored, because the newer attempt answers.
  if (phase?.attempt === attempt) await deliverPhase(deps, phase);
}

export async function deliverPhase(deps: Deps, phase: PhaseRecord): Promise<void> {
  const { answer } = phase;
  if (!answer || phase.delivered || !deps.executions.live) return;
  const spent = await deps.ledger.calls(phase.runId);
  const key = `${phase.phaseId}/${phase.attempt}`;
  // A second delivery must not undo later changes of the run, such as its feedback or next change set.
  await deps.runs.update(phase.runId, (run) =>
    hasApplied(run, key) ? undefined : withAnswer(withApplied(run, key), answer, spent),
  );
  const token = await deps.vault.open(phase.token);
  if ('error' in answer) await deps.executions.fail(token, answer.error, answer.cause);
  else await deps.executions.succeed(token, phaseAnswer.parse(answer.output));
  await deps.phases.markDelivered(phase.phaseId);
}

const withAnswer = (run: RunRecord, answer: PhaseReply, spent: ModelCall[]): RunRecord => ({
  ...run,
  work: patchWork(run, answer.patch),
  durations: { ...run.durations, ...answer.patch.durations },
  spentMicros: sumOf(spent).spentMicros + partsMicros(run.campaign).spent,
  tokens: sumOf(spent).tokens,
});

function patchWork({ work, commit }: RunRecord, patch: WorkPatch): RunWork {
  const kept = patch.clearFeedback ? [] : work.feedback;
  return {
    ...work,
    ...defined({ plan: patch.plan, changeSet: patch.changeSet }),
    ...(patch.verifiedAt === undefined ? {} : { verified: { at: patch.verifiedAt, ...defined({ previous: commit }) } }),
    ...defined({ handoff: patch.handoff }),
    ...(patch.checkpoints === undefined
      ? {}
      : { checkpoints: [...new Set([...(work.checkpoints ?? []), ...patch.checkpoints])] }),
    feedback: [...kept, ...(patch.feedback ?? []).filter((digest) => !kept.includes(digest))],
    results: { ...work.results, ...patch.results },
  };
}
