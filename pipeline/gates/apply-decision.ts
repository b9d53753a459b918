import type { Part } from '../../core/campaign/part.ts';
import { plan as planSchema } from '../../core/plan/schema.ts';
import { isAboutReview } from '../../core/review/about-review.ts';
import { type Gate, type GateDecision, isWait } from '../../core/run/gate.ts';
import { hasApplied, type RunRecord, withApplied } from '../../core/run/record.ts';
import { isFinal } from '../../core/run/status.ts';
import { decideOnPart, wayOf } from '../campaign/decide.ts';
import { plannedParts } from '../campaign/parts.ts';
import type { Deps } from '../deps.ts';
import { commentDecision } from '../notices/gate-comment.ts';
import { campaignAnswer, gateAnswer } from '../payloads.ts';
import { getJson, putText } from '../runs/artifacts.ts';
import { bestEffort } from '../runs/report-run.ts';
import { loadRunContext } from '../runs/run-context.ts';

/**
 * Applies a decision to the run, then answers the token. Called by the voter, by the step that opened the gate and by
 * recovery. The record lists the applied results, so that a late caller changes nothing.
 */
export async function applyDecision(deps: Deps, gate: Gate): Promise<void> {
  const { decision } = gate;
  if (!decision || gate.delivered) return;
  const feedback =
    decision.outcome === 'revise' || decision.outcome === 'red'
      ? await putText(deps.artifacts, `${decision.by.join(', ')}: ${decision.text}`)
      : undefined;
  if (decision.edit !== undefined) planSchema.parse(await getJson(deps.artifacts, decision.edit));
  const parts = gate.part === undefined ? [] : (await plannedParts(deps, await loadRunContext(deps, gate.runId))).parts;
  await deps.runs.update(gate.runId, (run) =>
    isFinal(run.status) || hasApplied(run, gate.gateId)
      ? undefined
      : withDecision(run, gate, decision, { feedback, parts }),
  );
  await deliverGate(deps, gate);
  if (!isWait(gate.kind)) {
    const context = await loadRunContext(deps, gate.runId);
    await bestEffort(deps, context.record, () => commentDecision(deps, context, gate));
  }
}

function withDecision(
  run: RunRecord,
  gate: Gate,
  decision: GateDecision,
  { feedback, parts }: { feedback: string | undefined; parts: readonly Part[] },
): RunRecord {
  const { gate: open, ...rest } = withApplied(run, gate.gateId);
  const work = { ...run.work };
  if (feedback !== undefined && !work.feedback.includes(feedback)) work.feedback = [...work.feedback, feedback];
  if (decision.threads) work.threads = decision.threads;
  if (decision.edit !== undefined) work.plan = decision.edit;
  if (decision.constraint !== undefined && !work.addedConstraints.includes(decision.constraint)) {
    work.addedConstraints = [...work.addedConstraints, decision.constraint];
  }
  if (decision.outcome === 'approved' && gate.kind === 'question') {
    if (isAboutReview(gate.head)) work.waived = [...(work.waived ?? []), { by: decision.by, what: gate.title }];
    else work.acceptedWeakening = gate.head;
  }
  if (decision.outcome === 'answered') {
    const question = gate.question?.question ?? gate.title;
    const answer = { by: decision.by.join(', '), question, text: decision.text };
    const known = work.answers.some((a) => a.question === answer.question && a.text === answer.text);
    if (!known) work.answers = [...work.answers, answer];
  }
  const changed = gate.part === undefined ? { work } : decideOnPart(run, gate.part, decision, work, parts);
  const anotherIsOpen = open !== gate.gateId && open !== undefined;
  return anotherIsOpen ? { ...rest, gate: open, ...changed } : { ...rest, status: 'running', ...changed };
}

/** Sends a decision to the state machine. Idempotent. */
async function deliverGate(deps: Deps, gate: Gate): Promise<void> {
  if (!gate.decision || !deps.executions.live) return;
  const token = await deps.vault.open(gate.token);
  const { outcome } = gate.decision;
  if (outcome in failures)
    await deps.executions.fail(token, failures[outcome as keyof typeof failures], gate.decision.text);
  else if (outcome !== 'expired')
    await deps.executions.succeed(token, answerTo(gate).parse({ outcome: wayOf(gate, gate.decision) }));
  await deps.gates.markDelivered(gate.gateId);
}

/** What the wait of a gate may be answered with. */
const answerTo = ({ kind, part }: Gate) =>
  kind === 'parts' || part !== undefined ? gateAnswer.or(campaignAnswer) : gateAnswer;

/** Decisions that fail the waiting state, with the names of the errors that it catches. */
const failures = {
  cancelled: 'Cancelled',
  superseded: 'Superseded',
  'needs-person': 'NeedsPerson',
  'ci-missing': 'CiGateMissing',
} as const;
