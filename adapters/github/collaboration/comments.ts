import { createHash } from 'node:crypto';
import type { Octokit } from '@octokit/rest';
import type { CodeHostScope } from '../../../core/ports/host/code-host.ts';
import { type GitHubAccess, ownerAndRepo } from '../api/access.ts';
import { statusOf } from '../api/errors.ts';
import { inTurn, type Ourselves, ourselves } from '../api/identity.ts';
import { atMost, cut, perPage } from '../api/pagination.ts';

/** GitHub's limit of a comment, in characters. */
const maxBody = 65_536;
const maxPages = 30;

type Comment = Awaited<ReturnType<Octokit['issues']['listComments']>>['data'][number];
type LineComment = Awaited<ReturnType<Octokit['pulls']['listReviewComments']>>['data'][number];

/** Writes a comment in the conversation of a pull request once per key; one that is there already is changed. */
export function comment(
  access: GitHubAccess,
  scope: CodeHostScope,
  where: { repository: string; pullRequest: string; key: string },
  body: string,
): Promise<void> {
  const at = ownerAndRepo(where.repository);
  const text = marked(body, where.key);
  return inTurn(access, `comment ${where.repository} ${where.pullRequest} ${where.key}`, async () => {
    const us = await ourselves(access, scope);
    await access.use(scope, 'report', async (octokit) => {
      const issue = { ...at, issue_number: Number(where.pullRequest) };
      const all = await octokit.paginate(
        octokit.issues.listComments,
        { ...issue, per_page: perPage },
        atMost<Comment>(maxPages),
      );
      const found = all.find((each) => isOurs(each, us, where.key));
      if (!found) await octokit.issues.createComment({ ...issue, body: text });
      else if (plain(found.body) !== plain(text)) {
        await octokit.issues.updateComment({ ...at, comment_id: found.id, body: text });
      }
    });
  });
}

/** Answers a comment on a line in its thread, once per key. A comment that is gone needs no answer. */
export function reply(
  access: GitHubAccess,
  scope: CodeHostScope,
  where: { repository: string; pullRequest: string; commentId: string; key: string },
  body: string,
): Promise<void> {
  const at = ownerAndRepo(where.repository);
  const text = marked(body, where.key);
  return inTurn(access, `reply ${where.repository} ${where.pullRequest} ${where.key}`, async () => {
    const us = await ourselves(access, scope);
    await access.use(scope, 'report', async (octokit) => {
      const pull = { ...at, pull_number: Number(where.pullRequest) };
      const all = await octokit.paginate(
        octokit.pulls.listReviewComments,
        { ...pull, per_page: perPage },
        atMost<LineComment>(maxPages),
      );
      const thread = all.filter((each) => each.in_reply_to_id === Number(where.commentId));
      const found = thread.find((each) => isOurs(each, us, where.key));
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

/** Not shown, and the same for a key always. It says nothing about the key. */
const markerOf = (key: string): string =>
  `<!-- drydock:${createHash('sha256').update(key).digest('hex').slice(0, 32)} -->`;

function marked(body: string, key: string): string {
  const marker = markerOf(key);
  return `${cut(body.trimEnd(), maxBody - marker.length - 2)}\n\n${marker}`;
}

/** Anybody may copy the marker into a comment of theirs, or into a text that we quote: the account and the end count. */
const isOurs = (each: { body?: string | null; user: { login: string } | null }, us: Ourselves, key: string): boolean =>
  each.user?.login === us.login && plain(each.body).endsWith(markerOf(key));

const plain = (body: string | null | undefined): string => (body ?? '').replaceAll('\r\n', '\n').trim();
