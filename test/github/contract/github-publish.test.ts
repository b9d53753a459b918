/** Publishing on GitHub where something is in the way: another publisher, a rule, a closed pull request, a lost answer. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CodeHost, PullRequestRequest } from '../../../core/ports/host/code-host.ts';
import { gitHubHosts, memoryCredentials } from '../../machine/contract/code-host-fixtures.ts';
import { change, type Edit, removeTempFolders, tempFolder } from '../../machine/contract/git-fixture.ts';
import { type GitHubKit, startGitHub } from '../../support/github/kit.ts';

let github: GitHubKit;
let dataDir: string;
let credentials: ReturnType<typeof memoryCredentials>;
let host: CodeHost;
let hostOf: (run: string) => CodeHost;
let base: string;
let tests = 0;
let run: string;
let branch: string;
/** Method, path and body of the calls since the test began. */
let sent: { method: string; path: string; body: string }[];

beforeAll(async () => {
  github = await startGitHub({ files: { 'src/a.txt': 'one\ntwo\nthree\n', 'src/b.txt': 'b\n' } });
  dataDir = tempFolder();
  base = await github.head('main');
});
beforeEach(() => {
  run = `r-${++tests}`;
  branch = `agent/t-${tests}`;
  credentials = memoryCredentials();
  const hosts = gitHubHosts(github, dataDir, credentials);
  hostOf = (of) => hosts.host(of);
  host = hostOf(run);
  sent = [];
  github.watch((call) => {
    sent.push(call);
    return false;
  });
});
afterEach(async () => {
  github.faults.length = 0;
  await host.release();
  expect(credentials.all.size).toBe(0);
  expect(github.revoked().sort()).toEqual(github.minted().sort());
});
afterAll(async () => {
  await github.close();
  removeTempFolders();
});

const edits: Edit[] = [
  ['src/a.txt', 'ONE\n'],
  ['src/b.txt', null],
  ['bin.dat', Buffer.from([0, 255, 1])],
];
const publish = async (what = edits, more: { previous?: string } = {}): Promise<string> => {
  const message = `T-1: x\n\nDrydock-Run: ${run}\n`;
  const { commit } = await host.publish({
    repository: github.repository,
    branch,
    change: change(base, what),
    message,
    at: 0,
    ...more,
  });
  return commit;
};
const pull = (more: Partial<PullRequestRequest> = {}): PullRequestRequest => ({
  repository: github.repository,
  branch,
  target: 'main',
  base,
  head: base,
  title: 'T-1',
  body: 'body',
  labels: ['drydock'],
  reviewers: { logins: [], teams: [] },
  ...more,
});
const fail = (path: RegExp, status: number, message: string): void => {
  github.faults.push({ match: (call) => path.test(call.path), do: { status, message } });
};
const posts = (end: string): unknown[] =>
  sent
    .filter(({ method, path }) => method === 'POST' && path.endsWith(end))
    .map(({ body }) => JSON.parse(body) as unknown);

describe('publish', () => {
  it('moves no branch where the tree is not the one that was asked for', async () => {
    const set = change(base, [['src/a.txt', 'ONE\n']]);
    const [entry] = set.manifest.entries;
    if (entry?.op === 'put') entry.blobSha = 'f'.repeat(40);
    const request = {
      repository: github.repository,
      branch,
      change: set,
      message: `x\n\nDrydock-Run: ${run}\n`,
      at: 0,
    };
    await expect(host.publish(request)).rejects.toMatchObject({ name: 'HostRefused' });
    expect(posts('/git/commits')).toEqual([]);
    expect(await github.branches(branch)).toEqual([]);
  });

  it('splits a tree by its bytes only', async () => {
    const text = `${'x'.repeat(1_500_000)}\n`;
    await publish(Array.from({ length: 5 }, (_, i): Edit => [`big/${i}.txt`, text]));
    expect(posts('/git/trees')).toHaveLength(3);
    expect(posts('/git/blobs')).toHaveLength(0);
  });

  it('two at once put one commit there', async () => {
    const [one, two] = await Promise.all([publish(), publish()]);
    expect(one).toBe(two);
    expect(await github.head(branch)).toBe(one);
  });

  it('fails by name where a rule of the repository stands against it', async () => {
    fail(/\/git\/refs$/, 422, 'Repository rule violations found');
    await expect(publish()).rejects.toMatchObject({ name: 'HostRefused', message: expect.stringContaining('rule') });
    expect(await github.branches(branch)).toEqual([]);
  });
});

describe('the pull request', () => {
  it('asks whom GitHub lets it ask, each once, and nobody who has reviewed this head', async () => {
    const head = await publish();
    const reviewers = { logins: ['lead-gh', 'second-gh', 'nobody-at-all', 'outsider-gh'], teams: ['acme/none'] };
    const { id } = await host.openPullRequest(pull({ head, reviewers }));
    const asked = async () => (await github.pull(Number(id))).requested_reviewers?.map(({ login }) => login).sort();
    expect(await asked()).toEqual(['lead-gh', 'second-gh']);
    await github.review(Number(id), 'lead-gh', 'APPROVE', { commit: head });
    await github.admin.pulls.removeRequestedReviewers({
      ...github.at,
      pull_number: Number(id),
      reviewers: ['lead-gh'],
    });
    const who = { logins: ['lead-gh', 'second-gh'], teams: [] };
    sent = [];
    await host.openPullRequest(pull({ head, reviewers: who }));
    expect(posts('/requested_reviewers')).toEqual([]);
    const next = await publish([['src/a.txt', 'TWO\n']], { previous: head });
    await host.openPullRequest(pull({ head: next, reviewers: who }));
    expect(posts('/requested_reviewers')).toEqual([{ reviewers: ['lead-gh'], team_reviewers: [] }]);
    expect(await asked()).toEqual(['lead-gh', 'second-gh']);
  });

  it('that somebody closed is not opened a second time', async () => {
    const head = await publish();
    const { id } = await host.openPullRequest(pull({ head }));
    await github.closePull(Number(id), 'dev-gh');
    expect((await host.openPullRequest(pull({ head, title: 'again' }))).id).toBe(id);
    expect((await github.pulls()).filter(({ head: { ref } }) => ref === branch)).toHaveLength(1);
  });

  it('has its labels, beside those of others', async () => {
    const head = await publish();
    const { id } = await host.openPullRequest(pull({ head }));
    await github.admin.issues.addLabels({ ...github.at, issue_number: Number(id), labels: ['theirs'] });
    await host.openPullRequest(pull({ head, labels: ['drydock', 'more'] }));
    const { labels } = await github.pull(Number(id));
    expect(labels.map(({ name }) => name).sort()).toEqual(['drydock', 'more', 'theirs']);
  });

  it('is not made for a branch that is gone', async () => {
    await expect(host.openPullRequest(pull())).rejects.toMatchObject({ name: 'HostRefused' });
  });

  it('is marked ready by GraphQL, whose refusal has a name', async () => {
    const head = await publish();
    const opened = { ...(await host.openPullRequest(pull({ head }))), branch, head };
    fail(/\/graphql$/, 403, 'Resource not accessible by integration');
    await expect(host.markReady(github.repository, opened)).rejects.toMatchObject({ name: 'HostForbidden' });
    github.faults.push({ match: ({ path }) => path === '/graphql', do: 'after' });
    await expect(host.markReady(github.repository, opened)).rejects.toMatchObject({ name: 'HostUnavailable' });
    await host.markReady(github.repository, opened);
    expect((await github.pull(Number(opened.id))).draft).toBe(false);
    expect(sent.filter(({ path }) => path === '/graphql')).toHaveLength(1);
  });

  it('is never merged, whatever is done (R28)', () => {
    expect(github.calls.filter(({ path }) => /\/merges?\b/.test(path))).toEqual([]);
  });
});

describe('git fetches', () => {
  it('for many runs at once into one mirror', async () => {
    const runs = [0, 1, 2, 3].map((i) => `r-${tests}-${i}`);
    const found = await Promise.all(runs.map((each) => hostOf(each).blame(github.repository, 'src/a.txt', 2)));
    for (const { commit, text } of found) expect([commit, text]).toEqual([base, 'two']);
    for (const each of runs) await hostOf(each).release();
  });
});
