import type { Octokit } from '@octokit/rest';
import type { CodeHostScope } from '../../core/ports/host/code-host.ts';
import type { Collaboration, Permission } from '../../core/ports/host/collaboration.ts';
import { type GitHubAccess, ownerAndRepo } from './api/access.ts';
import { statusOf } from './api/errors.ts';
import { reportCheck } from './collaboration/checks.ts';
import { gateResults } from './collaboration/ci.ts';
import { comment, reply } from './collaboration/comments.ts';
import { accountOf, reviewComments, reviews } from './collaboration/reviews.ts';

/**
 * Checks, CI results, reviews and comments on GitHub, with the credentials of a scope.
 * @throws HostUnavailable, HostRateLimited, HostForbidden, HostRefused, as the access does.
 */
export function createCollaboration(access: GitHubAccess, scope: CodeHostScope): Collaboration {
  const read = <T>(call: (octokit: Octokit) => Promise<T>): Promise<T> => access.use(scope, 'read', call);

  return {
    reportCheck: (repository, report) => reportCheck(access, scope, repository, report),
    gateResults: (repository, head, details) => gateResults(access, scope, repository, head, details),
    comment: (repository, pullRequest, key, body) => comment(access, scope, { repository, pullRequest, key }, body),
    reply: (repository, pullRequest, commentId, key, body) =>
      reply(access, scope, { repository, pullRequest, commentId, key }, body),
    reviews: (repository, pullRequest) =>
      read((octokit) => reviews(octokit, ownerAndRepo(repository), Number(pullRequest))),
    reviewComments: (repository, pullRequest, reviewId) =>
      read((octokit) => reviewComments(octokit, ownerAndRepo(repository), Number(pullRequest), Number(reviewId))),

    permission: (repository, login) =>
      read(async (octokit) => {
        try {
          const asked = { ...ownerAndRepo(repository), username: login };
          const { data } = await octokit.repos.getCollaboratorPermissionLevel(asked);
          return roles.get(data.role_name) ?? roles.get(data.permission) ?? 'none';
        } catch (error) {
          if (statusOf(error) === 404) return 'none';
          throw error;
        }
      }),

    pusherOf: (repository, branch, commit) =>
      read(async (octokit) => {
        const asked = { ...ownerAndRepo(repository), ref: `refs/heads/${branch}`, per_page: 100 };
        const { data } = await octokit.repos.listActivities(asked);
        const actor = data.find(({ after }) => after === commit)?.actor;
        return actor ? accountOf(actor) : undefined;
      }),

    pullRequest: (repository, pullRequest) =>
      read(async (octokit) => {
        const asked = { ...ownerAndRepo(repository), pull_number: Number(pullRequest) };
        const { data } = await octokit.pulls.get(asked);
        return {
          author: accountOf(data.user),
          target: data.base.ref,
          head: data.head.sha,
          merged: data.merged,
        };
      }),

    lastChange: (repository, commit, path) =>
      read(async (octokit) => {
        const asked = { ...ownerAndRepo(repository), sha: commit, path, per_page: 1 };
        const { data } = await octokit.repos.listCommits(asked);
        return data[0]?.sha;
      }),

    pullRequestsOf: (repository, commit) =>
      read(async (octokit) => {
        const asked = { ...ownerAndRepo(repository), commit_sha: commit, per_page: 100 };
        const { data } = await octokit.repos.listPullRequestsAssociatedWithCommit(asked);
        return data.filter(({ merged_at }) => merged_at !== null).map(({ number }) => String(number));
      }),
  };
}

/** GitHub's roles. A custom role of an organization counts as the permission it is based on. */
const roles = new Map<string, Permission>([
  ['admin', 'admin'],
  ['maintain', 'write'],
  ['write', 'write'],
  ['triage', 'read'],
  ['read', 'read'],
]);
