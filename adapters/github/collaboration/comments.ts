import { createHash } from 'node:crypto';
import type { Octokit } from '@octokit/rest';
import type { CodeHostScope } from '../../../core/ports/host/code-host.ts';
import { type GitHubAccess, ownerAndRepo } from '../api/access.ts';
import { statusOf } from '../api/errors.ts';
import { inTurn, type OwnAccount, ownAccount } from '../api/identity.ts';
import { atMost, cut, perPage } from '../api/pagination.ts';

/** GitHub's limit for a comment, in characters. */
const maxBody = 65_536;
const maxPages = 30;

type Comment = Awaited<ReturnType<Octokit['issues']['listComments']>>['data'][number];
type LineComment = Awaited<ReturnType<Octokit['pulls']['listReviewComments']>>['data'][number];

/** Creates the pull request comment with this key, or updates it. */
export function comment(
  access: GitHubAccess,
  scope: CodeHostScope,
  where: { repository: string; pullRequest: string; key: string },
  body: string,
): Promise<void> {
  const at = ownerAndRepo(where.repository);
  const text = marked(body, where.key);
  return inTurn(access, `comment ${where.repository} ${where.pullRequest} ${where.key}`, async () => {
    const own = await ownAccount(access, scope);
    await access.use(scope, 'report', async (octokit) => {
      const issue = { ...at, issue_number: Number(where.pullRequest) };
      const all = await octokit.paginate(
        octokit.issues.listComments,
        { ...issue, per_page: perPage },
        atMost<Comment>(maxPages),
      );
      const found = all.find((each) => isOwn(each, own, where.key));
      if (!found) await octokit.issues.createComment({ ...issue, body: text });
      else if (plain(found.body) !== plain(text)) {
        await octokit.issues.updateComment({ ...at, comment_id: found.id, body: text });
      }
    });
  });
}

/** Replies to a line comment in its thread, once per key. If the comment was deleted, there is nothing to do. */
export function reply(
  access: GitHubAccess,
  scope: CodeHostScope,
  where: { repository: string; pullRequest: string; commentId: string; key: string },
  body: string,
): Promise<void> {
  const at = ownerAndRepo(where.repository);
  const text = marked(body, where.key);
  return inTurn(access, `reply ${where.repository} ${where.pullRequest} ${where.key}`, async () => {
    const own = await ownAccount(access, scope);
    await access.use(scope, 'report', async (octokit) => {
      const pull = { ...at, pull_number: Number(where.pullRequest) };
      const all = await octokit.paginate(
        octokit.pulls.listReviewComments,
        { ...pull, per_page: perPage },
        atMost<LineComment>(maxPages),
      );
      const thread = all.filter((each) => each.in_reply_to_id === Number(where.commentId));
      const found = thread.find((each) => isOwn(each, own, where.key));
      if (!found) {
        try {
          await octokit.pulls.createReplyForReviewComment({
            ...pull,
            comment_id: Number(where.commentId),
            body: text,
          });
        } catch (error) {
          if (statusOf(error) !== 404) throw error;
        }
      } else if (plain(found.body) !== plain(text)) {
        await octokit.pulls.updateReviewComment({ ...at, comment_id: found.id, body: text });
      }
    });
  });
}

/** An invisible marker, stable per key. It does not disclose the key. */
const markerOf = (key: string): string =>
  `<!-- drydock:${createHash('sha256').update(key).digest('hex').slice(0, 32)} -->`;

function marked(body: string, key: string): string {
  const marker = markerOf(key);
  return `${cut(body.trimEnd(), maxBody - marker.length - 2)}\n\n${marker}`;
}

/**
 * Anyone can copy the marker into a comment, and we may quote one: both the author and the end of the text must match.
 */
const isOwn = (each: { body?: string | null; user: { login: string } | null }, own: OwnAccount, key: string): boolean =>
  each.user?.login === own.login && plain(each.body).endsWith(markerOf(key));

const plain = (body: string | null | undefined): string => (body ?? '').replaceAll('\r\n', '\n').trim();
