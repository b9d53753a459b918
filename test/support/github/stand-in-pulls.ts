import type { Octokit } from '@octokit/rest';

/** GitHub's words, as they stand in a 422. */
interface Refusal {
  message: string;
  errors?: object[];
}

const invalid = (error: object): Refusal => ({
  message: 'Validation Failed',
  errors: [{ resource: 'PullRequest', ...error }],
});
const tooLong = (field: string, most: number): Refusal =>
  invalid({ code: 'custom', field, message: `${field} is too long (maximum is ${most} characters)` });

/**
 * What GitHub refuses of pull requests and the emulator does not: a second one for a branch, a branch that is not there,
 * texts that are too long, reviews by those who have no access. One request after the other, as GitHub locks them.
 */
export function standInPulls({ admin, at }: { admin: Octokit; at: { owner: string; repo: string } }) {
  let last: Promise<unknown> = Promise.resolve();
  const pullsPath = `/repos/${at.owner}/${at.repo}/pulls`;

  const isBranch = (name: string): Promise<boolean> =>
    admin.git.getRef({ ...at, ref: `heads/${name}` }).then(
      () => true,
      () => false,
    );

  /** https://docs.github.com/en/rest/pulls/pulls#create-a-pull-request */
  async function faultOfCreate(body: string): Promise<Refusal | undefined> {
    const given = JSON.parse(body) as { head: string; base: string; title: string; body?: string };
    for (const field of ['head', 'base'] as const)
      if (!(await isBranch(given[field]))) return invalid({ field, code: 'invalid' });
    if (given.title.length > 256) return tooLong('title', 256);
    if ((given.body ?? '').length > 65_536) return tooLong('body', 65_536);
    const head = `${at.owner}:${given.head}`;
    const { data } = await admin.pulls.list({ ...at, state: 'open', head, base: given.base });
    if (data.length === 0) return undefined;
    return invalid({ code: 'custom', message: `A pull request already exists for ${head}.` });
  }

  /** https://docs.github.com/en/rest/pulls/review-requests: all of them are refused when one is. */
  async function faultOfRequest(number: number, body: string): Promise<Refusal | undefined> {
    const { reviewers = [] } = JSON.parse(body) as { reviewers?: string[] };
    const { data: pull } = await admin.pulls.get({ ...at, pull_number: number });
    if (reviewers.includes(pull.user.login)) {
      return { message: 'Review cannot be requested from pull request author.' };
    }
    const { data: collaborators } = await admin.repos.listCollaborators({ ...at, per_page: 100 });
    const known = new Set(collaborators.map(({ login }) => login));
    if (reviewers.every((login) => known.has(login))) return undefined;
    return {
      message: `Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the ${at.owner}/${at.repo} repository.`,
    };
  }

  return {
    /** Refuses what GitHub refuses; anything else is done by `go`. */
    async answer<T>(
      method: string,
      path: string,
      body: Buffer,
      json: (status: number, value: unknown) => T,
      go: () => Promise<T>,
    ): Promise<T> {
      const rest = path.startsWith(pullsPath) ? path.slice(pullsPath.length) : undefined;
      const request = /^\/(\d+)\/requested_reviewers$/.exec(rest ?? '');
      if (method !== 'POST' || (rest !== '' && !request)) return go();
      const mine = last.then(async () => {
        const text = body.toString();
        const fault = request ? await faultOfRequest(Number(request[1]), text) : await faultOfCreate(text);
        return fault ? json(422, { ...fault, documentation_url: 'https://docs.github.com/rest/pulls' }) : go();
      });
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}
