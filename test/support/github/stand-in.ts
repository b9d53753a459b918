import type { Octokit } from '@octokit/rest';

interface Answer {
  status: number;
  value?: unknown;
}

interface Status {
  sha: string;
  context: string;
  state: string;
  description: string | null;
  target_url: string | null;
  id: number;
  created_at: string;
}

/** What the emulator lacks, answered in GitHub's recorded words. Each route names the page its response is from. */
export function standIn({
  admin,
  at,
  pushes,
}: {
  admin: Octokit;
  at: { owner: string; repo: string };
  /** Payloads of the pushes so far. */
  pushes(): { ref: string; before: string; after: string; sender: { login: string; type: string } }[];
}) {
  const statuses: Status[] = [];
  return {
    async answer(method: string, path: string, body: Buffer): Promise<Answer | undefined> {
      // https://docs.github.com/en/graphql/reference/mutations#markpullrequestreadyforreview: the one mutation asked for.
      if (method === 'POST' && path === '/graphql') {
        const { query, variables } = JSON.parse(body.toString()) as { query: string; variables: { id: string } };
        if (!query.includes('markPullRequestReadyForReview'))
          return { status: 200, value: { errors: [{ message: 'unknown' }] } };
        const { data } = await admin.pulls.list({ ...at, state: 'open', per_page: 100 });
        const found = data.find(({ node_id }) => node_id === variables.id);
        if (!found) {
          const message = `Could not resolve to a node with the global id of '${variables.id}'`;
          return { status: 200, value: { data: null, errors: [{ type: 'NOT_FOUND', message }] } };
        }
        await admin.request('PATCH /repos/{owner}/{repo}/pulls/{pull_number}', {
          ...at,
          pull_number: found.number,
          draft: false,
        });
        return { status: 200, value: { data: { markPullRequestReadyForReview: { pullRequest: { isDraft: false } } } } };
      }
      // https://docs.github.com/en/rest/repos/repos#list-repository-activities: who put a branch where, newest first.
      if (method === 'GET' && /^\/repos\/[^/]+\/[^/]+\/activity(?:\?|$)/.test(path)) {
        const ref = new URL(path, 'http://api').searchParams.get('ref');
        const all = pushes().map((push, i) => ({
          id: i + 1,
          ref: push.ref,
          before: push.before,
          after: push.after,
          activity_type: 'push',
          actor: push.sender,
        }));
        return { status: 200, value: all.filter((activity) => activity.ref === ref).reverse() };
      }
      // https://docs.github.com/en/rest/commits/statuses
      const create = /^\/repos\/[^/]+\/[^/]+\/statuses\/([0-9a-f]{40})$/.exec(path);
      if (method === 'POST' && create) {
        const given = JSON.parse(body.toString()) as Partial<Status>;
        const status: Status = {
          sha: create[1] ?? '',
          context: given.context ?? 'default',
          state: given.state ?? 'pending',
          description: given.description ?? null,
          target_url: given.target_url ?? null,
          id: statuses.length + 1,
          created_at: new Date().toISOString(),
        };
        statuses.unshift(status);
        return { status: 201, value: status };
      }
      const list = /^\/repos\/[^/]+\/[^/]+\/commits\/([0-9a-f]{40})\/status(es)?(?:\?|$)/.exec(path);
      if (method === 'GET' && list) {
        const of = statuses.filter(({ sha }) => sha === list[1]);
        if (list[2] !== undefined) return { status: 200, value: of };
        const newest = of.filter((status, i) => of.findIndex(({ context }) => context === status.context) === i);
        return { status: 200, value: { state: 'pending', sha: list[1], total_count: newest.length, statuses: newest } };
      }
      return undefined;
    },
  };
}

/** A message of the emulator with what GitHub's has and its own lacks. */
export function asGitHubSays(event: string, body: string, heads: ReadonlyMap<string, string>): string {
  if (event === 'pull_request') {
    const payload = JSON.parse(body) as { pull_request: { head: { ref: string; sha: string } } };
    const { head } = payload.pull_request;
    // https://docs.github.com/en/pull-requests: the head follows the branch; that of the emulator is as it was opened.
    head.sha = heads.get(head.ref) ?? head.sha;
    return JSON.stringify(payload);
  }
  if (event !== 'issue_comment') return body;
  const payload = JSON.parse(body) as { issue: { pull_request?: unknown; html_url?: string } };
  // https://docs.github.com/en/webhooks/webhook-events-and-payloads#issue_comment: present when it is on a pull request.
  payload.issue.pull_request ??= { html_url: payload.issue.html_url };
  return JSON.stringify(payload);
}
