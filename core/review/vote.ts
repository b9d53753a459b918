import { isPartAction } from '../campaign/part-actions.ts';
import { DrydockError } from '../errors.ts';
import { type Gate, type GateDecision, isWait, type Vote } from '../run/gate.ts';
import { optionNamed } from './option.ts';

/**
 * Checks a vote and returns its decision; undefined while more votes are needed. Pure: the store writes vote and
 * decision in one transaction.
 * @throws GateClosed, GateExpired, VoteRefused, AnswerInvalid, AlternativesExhausted; each names the reason.
 */
export function castVote(gate: Gate, vote: Vote): GateDecision | undefined {
  if (gate.status !== 'pending') {
    throw new DrydockError(
      'GateClosed',
      `${gate.title}: it was decided before, ${gate.decision?.outcome ?? 'closed'}.`,
      {
        remedy: `The decision is final. \`drydock show ${gate.taskId}\` prints what is open now, and \`drydock tell ${gate.taskId} TEXT\` reaches an agent that works.`,
      },
    );
  }
  if (isWait(gate.kind)) {
    throw new DrydockError(
      'VoteRefused',
      `${gate.gateId} is not a decision for people: it waits for ${waitsFor[gate.kind]}.`,
    );
  }
  // Negated so that an invalid time (NaN) counts as too late.
  if (!(Date.parse(vote.at) < Date.parse(gate.expiresAt))) {
    throw new DrydockError('GateExpired', `${gate.gateId} expired at ${gate.expiresAt}.`);
  }
  refuseVoter(gate, vote);
  const decided = (outcome: GateDecision['outcome'], by = [vote.person]): GateDecision => ({
    outcome,
    by,
    text: vote.text,
    at: vote.at,
  });
  switch (vote.choice) {
    case 'reject':
      return decided('rejected');
    case 'answer':
      if (gate.kind !== 'question') {
        throw new DrydockError('AnswerInvalid', `${gate.gateId} asks for a decision, not for an answer.`);
      }
      if (vote.text.trim() === '') throw new DrydockError('AnswerInvalid', 'The answer is empty.');
      return { ...decided('answered'), ...actionOf(gate, vote.text) };
    case 'revise':
      if (gate.kind !== 'plan' && gate.kind !== 'review') {
        throw new DrydockError('AnswerInvalid', `${gate.gateId} cannot be revised; answer, approve or reject it.`);
      }
      if (gate.kind === 'plan' && gate.revisionsLeft <= 0) {
        throw new DrydockError('AlternativesExhausted', 'The policy allows no further alternative to this plan.');
      }
      if (vote.text.trim() === '') throw new DrydockError('AnswerInvalid', 'Describe the change you ask for.');
      return decided('revise');
    case 'approve': {
      if (gate.kind === 'question' && !gate.acceptable) {
        throw new DrydockError('AnswerInvalid', `${gate.gateId} asks a question: answer it or reject.`);
      }
      const approvals = [...gate.approvals, vote.person];
      return approvals.length >= gate.required ? decided('approved', approvals) : undefined;
    }
  }
}

const waitsFor = { slot: 'a concurrency slot', ci: 'the CI gates', parts: 'the parts of the campaign' } as const;

/** What the option does that an answer names, if it is about a part of a campaign. */
function actionOf(gate: Gate, text: string): Pick<GateDecision, 'does'> {
  const does = optionNamed(gate, text)?.does;
  return does !== undefined && isPartAction(does) ? { does } : {};
}

function refuseVoter(gate: Gate, vote: Vote): void {
  // The requester knows the intent and may answer a question or give up; only others may approve.
  const answers = gate.kind === 'question' && vote.choice !== 'approve';
  if (vote.person === gate.requester && !gate.solo && !answers) {
    throw new DrydockError('VoteRefused', `${vote.person} requested this run and may not decide it.`);
  }
  if (gate.barred?.includes(vote.person) && !gate.solo && !answers) {
    throw new DrydockError('VoteRefused', `${vote.person} started a run of this spec again and may not decide it.`);
  }
  const allowed = answers ? gate.eligible : gate.approvers;
  if (!allowed.includes(vote.person)) {
    const may = allowed.length > 0 ? allowed.join(', ') : 'nobody';
    throw new DrydockError('VoteRefused', `${vote.person} may not decide this gate. Allowed: ${may}.`);
  }
  if (gate.approvals.includes(vote.person)) {
    throw new DrydockError('VoteRefused', `${vote.person} has already voted on ${gate.gateId}.`);
  }
  if (vote.head !== gate.head) {
    throw new DrydockError(
      'VoteRefused',
      `The vote is for ${vote.head.slice(0, 12)}, and the gate is about ${gate.head.slice(0, 12)}.`,
    );
  }
}
