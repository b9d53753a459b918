import { isRefusal } from '../../core/errors.ts';
import { personOf } from '../../core/policy/people.ts';
import type { Review, ReviewComment } from '../../core/ports/host/collaboration.ts';
import { escapeMarkdown } from '../../core/publish/escape.ts';
import type { Gate } from '../../core/run/gate.ts';
import type { Deps } from '../deps.ts';
import type { RunContext } from '../runs/run-context.ts';
import { decideGate } from './decide-gate.ts';

/** What became of a review, with the reason when it did not count. */
interface ReviewCast {
  counted: boolean;
  reason: string;
}

/**
 * Counts a review of the run's pull request as a vote, where the policy knows the reviewer: on exactly the commit that was
 * looked at. Changes requested become the next build's feedback.
 */
export async function castReview(deps: Deps, context: RunContext, gate: Gate, review: Review): Promise<ReviewCast> {
  const { collaboration } = context.host;
  const number = context.record.pullRequest?.id;
  if (!collaboration || number === undefined) return { counted: false, reason: 'the run has no pull request' };
  const { author } = review;
  const person = author.bot ? undefined : personOf(context.task, `github:${author.login}`);
  if (person === undefined) {
    return { counted: false, reason: `${author.login} is nobody the policy knows; the review is no vote` };
  }
  try {
    if (review.state === 'approved') {
      await decideGate(deps, { gateId: gate.gateId, person, choice: 'approve', text: review.body, head: review.head });
    } else {
      const comments = await collaboration.reviewComments(context.location, number, review.id);
      await decideGate(deps, {
        gateId: gate.gateId,
        person,
        choice: 'revise',
        text: feedbackOf(review, comments),
        head: review.head,
        threads: comments.map(({ id, path }) => ({ id, path })),
      });
    }
    return { counted: true, reason: `${person}: ${review.state} on ${review.head.slice(0, 12)}` };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // The same review told twice is counted once, and nobody needs to hear of it.
    const votes = await deps.gates.votes(gate.gateId);
    if (!votes.some((vote) => vote.person === person && vote.head === review.head && !vote.late)) {
      const text = `The review of ${author.login} was not counted: ${error.message} ${error.remedy}`;
      await collaboration.comment(context.location, number, `review#${review.id}`, escapeMarkdown(text));
    }
    return { counted: false, reason: `${person}: ${error.name}: ${error.message}` };
  }
}

/** Reviews of exactly this head that came in before the gate was there to take them. */
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

/** Body and line comments of one review as the next build's feedback; it is fenced where it enters a prompt. */
function feedbackOf(review: Review, comments: ReviewComment[]): string {
  const lines = comments.map(({ path, line, body }) => `${path}${line === undefined ? '' : `:${line}`}: ${body}`);
  const texts = [review.body, ...lines].filter((text) => text.trim() !== '');
  return texts.join('\n\n').slice(0, maxFeedback) || 'Changes were requested without a word.';
}

/** More than an agent takes in at once; a vote is stored with its text. */
const maxFeedback = 50_000;
