import { isRefusal } from '../../core/errors.ts';
import { personOfAccount } from '../../core/policy/people.ts';
import type { Review, ReviewComment } from '../../core/ports/host/collaboration.ts';
import { escapeMarkdown } from '../../core/publish/escape.ts';
import type { Gate } from '../../core/run/gate.ts';
import type { Deps } from '../deps.ts';
import type { RunContext } from '../runs/run-context.ts';
import { decideGate } from './decide-gate.ts';

/** Whether a review was counted, with the reason. */
interface ReviewCast {
  counted: boolean;
  reason: string;
}

/**
 * Counts a review of the run's pull request as a vote on the reviewed commit, if the policy knows the reviewer and the
 * account may write to the repository.
 * Requested changes become feedback for the next build.
 */
export async function castReview(deps: Deps, context: RunContext, gate: Gate, review: Review): Promise<ReviewCast> {
  const { collaboration } = context.host;
  const number = context.record.pullRequest?.id;
  if (!collaboration || number === undefined) return { counted: false, reason: 'the run has no pull request' };
  const { author } = review;
  const person = author.bot ? undefined : personOfAccount(context.task, author);
  if (person === undefined) {
    return { counted: false, reason: `the policy does not know ${author.login}; the review is not a vote` };
  }
  const permission = await collaboration.permission(context.location, author.login);
  if (permission !== 'write' && permission !== 'admin') {
    const reason = `${author.login} may not write to the repository (${permission}); the review is not a vote`;
    await collaboration.comment(context.location, number, `review#${review.id}`, escapeMarkdown(`${reason}.`));
    return { counted: false, reason };
  }
  try {
    if (review.state === 'approved') {
      await decideGate(deps, {
        gateId: gate.gateId,
        person,
        choice: 'approve',
        text: review.body,
        head: review.head,
        channel: 'github',
      });
    } else {
      const comments = await collaboration.reviewComments(context.location, number, review.id);
      await decideGate(deps, {
        gateId: gate.gateId,
        person,
        choice: 'revise',
        text: feedbackOf(review, comments),
        head: review.head,
        channel: 'github',
        threads: comments.map(({ id, path }) => ({ id, path })),
      });
    }
    return { counted: true, reason: `${person}: ${review.state} on ${review.head.slice(0, 12)}` };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // A repeated delivery of a counted review is refused silently.
    const votes = await deps.gates.votes(gate.gateId);
    if (!votes.some((vote) => vote.person === person && vote.head === review.head && !vote.late)) {
      const text = `The review of ${author.login} was not counted: ${error.message} ${error.remedy}`;
      await collaboration.comment(context.location, number, `review#${review.id}`, escapeMarkdown(text));
    }
    return { counted: false, reason: `${person}: ${error.name}: ${error.message}` };
  }
}

/** Counts reviews of exactly this head that arrived before the gate was opened. */
export async function castEarlierReviews(deps: Deps, context: RunContext, gate: Gate): Promise<void> {
  const { collaboration } = context.host;
  const number = context.record.pullRequest?.id;
  if (!collaboration || number === undefined) return;
  for (const review of await collaboration.reviews(context.location, number)) {
    if (review.head !== gate.head || !isVerdict(review)) continue;
    const current = await deps.gates.get(gate.gateId);
    if (current?.status !== 'pending') return;
    await castReview(deps, context, current, review);
  }
}

export const isVerdict = ({ state }: Review): boolean => state === 'approved' || state === 'changes-requested';

/** Body and line comments of a review as feedback for the next build; the prompt builder fences it. */
function feedbackOf(review: Review, comments: ReviewComment[]): string {
  const lines = comments.map(({ path, line, body }) => `${path}${line === undefined ? '' : `:${line}`}: ${body}`);
  const texts = [review.body, ...lines].filter((text) => text.trim() !== '');
  return texts.join('\n\n').slice(0, maxFeedback) || 'Changes were requested without a comment.';
}

/** UTF-16 code units; the text is stored with the vote and shown to the agent. */
const maxFeedback = 50_000;
