import type { Octokit } from '@octokit/rest';
import { DrydockError } from '../../../core/errors.ts';
import type { CodeHost, CodeHostScope, PullRequestRequest } from '../../../core/ports/host/code-host.ts';
import { movedBranch } from '../../../core/review/moved-branch.ts';
import { type GitHubAccess, ownerAndRepo } from '../api/access.ts';
import { hostError, statusOf } from '../api/errors.ts';
import { headOf } from './publish.ts';

const maxTitle = 256;
const maxBody = 65_536;

/** Finds a draft pull request by its branch, or creates it; updates it and marks it ready. It never merges one. */
export function createPullRequests(
  access: GitHubAccess,
  scope: CodeHostScope,
): Pick<CodeHost, 'openPullRequest' | 'readPullRequest' | 'markReady'> {
  const find = async (octokit: Octokit, repository: string, branch: string) => {
    const at = ownerAndRepo(repository);
    const { data } = await octokit.pulls.list({ ...at, head: `${at.owner}:${branch}`, state: 'all', per_page: 1 });
    return data[0];
  };

  return {
    async openPullRequest(request) {
      const { labels, ...opened } = await access.use(scope, 'write', async (octokit) => {
        const at = ownerAndRepo(request.repository);
        const title = cut(request.title, maxTitle);
        const body = cut(request.body, maxBody);
        let found = await find(octokit, request.repository, request.branch);
        if (!found) {
          try {
            const { data } = await octokit.pulls.create({
              ...at,
              title,
              body,
              head: request.branch,
              base: request.target,
              draft: true,
            });
            found = data as unknown as NonNullable<typeof found>;
          } catch (error) {
            if (/draft pull requests are not supported/i.test((error as Error).message))
              throw noDrafts(request.repository);
            // The request succeeded and its response was lost, or another process created the pull request.
            found = await find(octokit, request.repository, request.branch);
            if (!found) throw error;
          }
        }
        const number = found.number;
        if (found.title !== title || (found.body ?? '') !== body) {
          await octokit.pulls.update({ ...at, pull_number: number, title, body });
        }
        await askReviewers(octokit, request, number, {
          logins: found.requested_reviewers?.map(({ login }) => login) ?? [],
          teams: found.requested_teams?.map(({ slug }) => slug) ?? [],
        });
        return {
          id: String(number),
          url: found.html_url,
          draft: found.draft ?? false,
          labels: found.labels.map(({ name }) => name),
        };
      });
      const missing = request.labels.filter((label) => !labels.includes(label));
      if (missing.length > 0) {
        const at = { ...ownerAndRepo(request.repository), issue_number: Number(opened.id) };
        await access.use(scope, 'report', (octokit) => octokit.issues.addLabels({ ...at, labels: missing }));
      }
      return opened;
    },

    readPullRequest: (repository, branch) =>
      access.use(scope, 'read', async (octokit) => {
        const found = await find(octokit, repository, branch);
        if (!found) return undefined;
        return {
          repository,
          branch,
          target: found.base.ref,
          base: found.base.sha,
          head: found.head.sha,
          title: found.title,
          body: found.body ?? '',
          labels: found.labels.map(({ name }) => name),
          reviewers: {
            logins: found.requested_reviewers?.map(({ login }) => login) ?? [],
            teams: found.requested_teams?.map(({ slug }) => slug) ?? [],
          },
          id: String(found.number),
          url: found.html_url,
          draft: found.draft ?? false,
        };
      }),

    markReady: (repository, { id, branch, head }) =>
      access.use(scope, 'write', async (octokit) => {
        // The branch itself, because the head of a pull request follows it with a delay.
        const now = await headOf(octokit, repository, branch);
        if (now !== head) throw movedBranch(branch, head, now);
        const { data } = await octokit.pulls.get({ ...ownerAndRepo(repository), pull_number: Number(id) });
        if (!data.draft) return;
        // Only GraphQL can mark a pull request ready.
        await octokit.graphql(
          'mutation ($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } } }',
          { id: data.node_id },
        );
      }),
  };
}

/**
 * Requests reviews from the reviewers who have no pending request and have not reviewed this head: another request
 * would ask them again. Reviewers whom GitHub rejects (no access, the author) are left out.
 */
async function askReviewers(
  octokit: Octokit,
  { repository, head, reviewers }: PullRequestRequest,
  number: number,
  asked: PullRequestRequest['reviewers'],
): Promise<void> {
  const at = { ...ownerAndRepo(repository), pull_number: number };
  const without = (wanted: string[], done: string[]): string[] => {
    const known = new Set(done.map((name) => name.toLowerCase()));
    return wanted.filter((name) => !known.has(name.toLowerCase()));
  };
  const teams = without(
    reviewers.teams.map((team) => team.split('/').at(-1) ?? team),
    asked.teams,
  );
  let logins = without(reviewers.logins, asked.logins);
  if (logins.length > 0) {
    const reviews = await octokit.paginate(octokit.pulls.listReviews, { ...at, per_page: 100 });
    const ofHead = reviews.filter(({ commit_id }) => commit_id === head);
    logins = without(
      logins,
      ofHead.map(({ user }) => user?.login ?? ''),
    );
  }
  if (logins.length === 0 && teams.length === 0) return;
  const refused = (error: unknown): void => {
    const { name } = hostError(error, 'ask for a review');
    if (statusOf(error) === 401 || (name !== 'HostForbidden' && name !== 'HostRefused')) throw error;
  };
  try {
    await octokit.pulls.requestReviewers({ ...at, reviewers: logins, team_reviewers: teams });
  } catch (error) {
    refused(error);
    for (const login of logins) await octokit.pulls.requestReviewers({ ...at, reviewers: [login] }).catch(refused);
    for (const team of teams) await octokit.pulls.requestReviewers({ ...at, team_reviewers: [team] }).catch(refused);
  }
}

/** A text cut to `limit` UTF-16 units, without half of a surrogate pair. */
const cut = (text: string, limit: number): string =>
  text
    .slice(0, limit)
    .toWellFormed()
    .replace(/\uFFFD$/, '');

const noDrafts = (repository: string): DrydockError =>
  new DrydockError('HostRefused', `${repository} does not support draft pull requests.`, {
    remedy:
      'Private repositories need a paid plan for draft pull requests; change the plan, or make the repository public.',
  });
