import { headOfReview } from '../../../core/review/about-review.ts';
import type { GateOption } from '../../../core/run/gate.ts';
import { type Question, question as questionSchema } from '../../../core/run/phase.ts';
import { reviewQuestion } from '../../asks/escalation.ts';
import { type Asked, askAboutPart, isPartReason } from '../../campaign/ask.ts';
import type { Deps } from '../../deps.ts';
import { openGate } from '../../gates/open-gate.ts';
import { unchanged } from '../../phases/failed-verify.ts';
import { getJson, getText } from '../../runs/artifacts.ts';
import { loadRunContext, type RunContext, refuseStopped } from '../../runs/run-context.ts';
import type { Step } from '../step.ts';

/** Asks the agent's question, or how to continue after the last rework round (R22). An answer resumes the run. */
export const askHuman: Step<'ask-human'> =
  (deps) =>
  async ({ runId, round, reason, token }) => {
    const context = await loadRunContext(deps, runId);
    refuseStopped(context.record);
    const { question, options, part, about } = await askedFor(deps, context, reason);
    const { manifest = '' } = context.record.work.changeSet ?? {};
    await openGate(deps, context, 'AskHuman', {
      kind: 'question',
      round,
      token,
      head:
        about === 'review' ? headOfReview(manifest) : reason === 'TestsWeakened' ? manifest || 'question' : 'question',
      acceptable: about === 'review' || reason === 'TestsWeakened',
      title: question.question,
      text: question.context,
      outside: [{ from: 'the question', text: `${question.question}\n${question.context}` }],
      question,
      ...(options ? { options } : {}),
      ...(part === undefined ? {} : { part }),
      needsPerson: true,
      // The requester may answer too, because an answer approves nothing.
      eligible: [...new Set([...context.task.approvers, context.record.requester])],
      required: 1,
    });
    return {};
  };

/** What a person is asked: the agent's question, what to do about parts of a campaign, or how to go on after the last round. */
async function askedFor(deps: Deps, context: RunContext, reason: string): Promise<Asked & { about?: 'review' }> {
  if (reason === '') return { question: await agentQuestion(deps, context) };
  if (isPartReason(reason)) return askAboutPart(deps, context, reason);
  const review = await reviewQuestion(deps, context, reason);
  if (review) return { ...review, about: 'review' };
  const options = escalationOptions(reason);
  return { question: await escalation(deps, context, reason, options), options };
}

async function agentQuestion(deps: Deps, { record }: RunContext): Promise<Question> {
  const digest = record.work.results.question;
  return questionSchema.parse(
    digest === undefined
      ? { question: 'The agent stopped with a question, but wrote no text.' }
      : await getJson(deps.artifacts, digest),
  );
}

async function escalation(
  deps: Deps,
  { record, task }: RunContext,
  reason: string,
  options: readonly GateOption[],
): Promise<Question> {
  const { failure } = record.work.results;
  const context = failure === undefined ? '' : await getText(deps.artifacts, failure);
  const why = context.startsWith(unchanged)
    ? 'a rework round changed nothing, and the failure is the same'
    : `${task.limits.reworkRounds} rework rounds did not solve it`;
  return {
    question: `${reason}: ${why}. What should the agent do?`,
    context,
    options: options.map(({ label }) => label),
  };
}

const escalationOptions = (reason: string): GateOption[] => [
  ...(reason === 'TestsWeakened' ? [{ label: 'Approve the weaker tests', does: 'accept' as const }] : []),
  { label: 'Give the agent a hint', does: 'answer', text: 'required' },
  { label: 'Give up', does: 'reject' },
];
