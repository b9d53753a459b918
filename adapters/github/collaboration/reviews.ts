import type { Octokit } from '@octokit/rest';
import { defined } from '../../../core/defined.ts';
import type { Account, Review, ReviewComment } from '../../../core/ports/host/collaboration.ts';
import type { ownerAndRepo } from '../api/access.ts';
import { atMost, perPage } from '../api/pagination.ts';

const maxPages = 30;

type At = ReturnType<typeof ownerAndRepo>;
type ApiReview = Awaited<ReturnType<Octokit['pulls']['listReviews']>>['data'][number];
type ApiComment = Awaited<ReturnType<Octokit['pulls']['listReviewComments']>>['data'][number];

/** Only an account of GitHub's type `User` counts as a person; a deleted account has an empty login. */
export const accountOf = (user: { login: string; type: string; id?: number } | null | undefined): Account => ({
  login: user?.login ?? '',
  ...defined({ id: user?.id }),
  bot: user ? user.type !== 'User' || user.login.endsWith('[bot]') : false,
});

const states = new Map<string, Review['state']>([
  ['APPROVED', 'approved'],
  ['CHANGES_REQUESTED', 'changes-requested'],
  ['COMMENTED', 'commented'],
  ['DISMISSED', 'dismissed'],
]);

/** The submitted reviews of a pull request, oldest first. */
export async function reviews(octokit: Octokit, at: At, pull: number): Promise<Review[]> {
  const all = await octokit.paginate(
    octokit.pulls.listReviews,
    { ...at, pull_number: pull, per_page: perPage },
    atMost<ApiReview>(maxPages),
  );
  return all.flatMap(({ id, user, commit_id: head, state, body }) => {
    const known = states.get(state);
    // A pending review has not been submitted.
    return known && head ? [{ id: String(id), author: accountOf(user), head, state: known, body: body ?? '' }] : [];
  });
}

/**
 * The line comments of a review, one per thread, with the id of the thread's first comment: GitHub takes replies only
 * under that id, even if the review continued an older thread.
 */
export async function reviewComments(octokit: Octokit, at: At, pull: number, review: number): Promise<ReviewComment[]> {
  // The endpoint for the comments of one review omits the line; this endpoint has it.
  const all = await octokit.paginate(
    octokit.pulls.listReviewComments,
    { ...at, pull_number: pull, per_page: perPage },
    atMost<ApiComment>(maxPages),
  );
  const threads = new Map<string, ReviewComment>();
  for (const each of all) {
    if (each.pull_request_review_id !== review) continue;
    const id = String(each.in_reply_to_id ?? each.id);
    const before = threads.get(id);
    threads.set(id, {
      id,
      author: accountOf(each.user),
      path: each.path,
      ...(typeof each.line === 'number' ? { line: each.line } : {}),
      body: before ? `${before.body}\n\n${each.body}` : each.body,
    });
  }
  return [...threads.values()];
}
