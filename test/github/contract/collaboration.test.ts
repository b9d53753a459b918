/**
 * GitHub's checks, CI, comments and reviews with real Octokit. The emulator's own routes: check runs, comments, reviews,
 * commits, permissions, App and installation tokens. The stand-in's (test/support/github): commit statuses, replies in a
 * thread, pull requests of a commit, annotations that are added, lines of comments, the App's hook deliveries.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGitHubAccess } from '../../../adapters/github/api/app.ts';
import { createCollaboration } from '../../../adapters/github/collaboration.ts';
import { failedDeliveries, repeatFailedDeliveries } from '../../../adapters/github/webhook/deliveries.ts';
import { readEvent } from '../../../adapters/github/webhook/events.ts';
import type { CheckReport, Collaboration } from '../../../core/ports/host/collaboration.ts';
import type { Credentials, MintedCredential } from '../../../core/ports/host/credentials.ts';
import { type GitHubKit, startGitHub } from '../../support/github/kit.ts';

let github: GitHubKit;
let host: Collaboration;
let withToken: Collaboration;
let repository: string;
const remembered = new Map<string, MintedCredential>();
const credentials: Credentials = {
  remember: async (credential) => void remembered.set(credential.id, credential),
  of: async (owner) => [...remembered.values()].filter((credential) => credential.owner === owner),
  owners: async () => [...new Set([...remembered.values()].map(({ owner }) => owner))],
  forget: async (_owner, id) => void remembered.delete(id),
};
const accessWith = (auth: Parameters<typeof createGitHubAccess>[0]['auth']) =>
  createGitHubAccess(
    { apiUrl: github.url, gitUrl: github.url, auth },
    { credentials, seal: (text) => text, open: (text) => text, now: Date.now, sleep: async () => undefined },
  );

beforeAll(async () => {
  github = await startGitHub({ files: { 'src/a.txt': 'one\ntwo\nthree\n' } });
  repository = github.repository;
  host = createCollaboration(accessWith(github.config.auth), { repository, run: 'r-1' });
  withToken = createCollaboration(accessWith({ token: 'tok_dev-gh' }), { repository });
});
afterAll(() => github.close());

let heads = 0;
/** A commit that nothing was said about. */
const commit = (): Promise<string> => github.push({ 'n.txt': `${++heads}` }, { branch: `n-${heads}`, withhold: true });
async function pull(): Promise<number> {
  await commit();
  const asked = { ...github.at, title: `pull ${heads}`, head: `n-${heads}`, base: 'main' };
  return (await github.as('dev-gh').pulls.create(asked)).data.number;
}
/** Calls that changed something while the work was done. */
async function writes(work: () => Promise<unknown>): Promise<string[]> {
  const before = github.calls.length;
  await work();
  return github.calls
    .slice(before)
    .filter(({ method, path }) => method !== 'GET' && !path.endsWith('/access_tokens'))
    .map(({ method, path }) => `${method} ${path.split('/').slice(4).join('/')}`);
}
const report = (head: string, more: Partial<CheckReport> = {}): CheckReport => ({
  name: 'Drydock',
  head,
  key: 'r-1',
  state: 'pending',
  title: 'Build',
  summary: 'Spent $1.',
  ...more,
});
const checksOf = async (head: string) =>
  (await github.admin.checks.listForRef({ ...github.at, ref: head, filter: 'all', per_page: 100 })).data.check_runs;
const annotationsOf = async (run: number) => {
  const asked = { ...github.at, check_run_id: run, per_page: 100 };
  return github.admin.paginate(github.admin.checks.listAnnotations, asked);
};
const lost = (path: RegExp) => ({
  match: (call: { method: string; path: string }) => call.method === 'POST' && path.test(call.path),
  do: 'after' as const,
});

describe('a check of ours', () => {
  it('follows the run, and says nothing twice', async () => {
    const head = await commit();
    const link = 'https://drydock.test/r-1';
    expect(await writes(() => host.reportCheck(repository, report(head, { link })))).toEqual(['POST check-runs']);
    expect(await writes(() => host.reportCheck(repository, report(head, { link })))).toEqual([]);
    const [open] = await checksOf(head);
    expect(open).toMatchObject({
      name: 'Drydock',
      external_id: 'r-1',
      status: 'in_progress',
      conclusion: null,
      details_url: link,
      output: { title: 'Build', summary: 'Spent $1.' },
    });
    const done = report(head, { link, state: 'success', title: 'delivered' });
    expect(await writes(() => host.reportCheck(repository, done))).toEqual([`PATCH check-runs/${open?.id}`]);
    expect(await writes(() => host.reportCheck(repository, done))).toEqual([]);
    expect(await checksOf(head)).toEqual([
      expect.objectContaining({ id: open?.id, status: 'completed', conclusion: 'success' }),
    ]);
  });

  it.each([
    ['success', 'success'],
    ['failure', 'failure'],
    ['neutral', 'neutral'],
    ['cancelled', 'cancelled'],
    ['action-required', 'action_required'],
  ] as const)('%s concludes as %s', async (state, conclusion) => {
    const head = await commit();
    await host.reportCheck(repository, report(head, { state }));
    expect(await checksOf(head)).toEqual([expect.objectContaining({ status: 'completed', conclusion })]);
  });

  it('is one for each key and name, also when two tell at once', async () => {
    const head = await commit();
    const keys = ['r-1', 'r-1', 'r-2', 'r-2', 'r-1'];
    await Promise.all(keys.map((key) => host.reportCheck(repository, report(head, { key }))));
    await host.reportCheck(repository, report(head, { name: 'Drydock specs' }));
    const found = (await checksOf(head)).map(({ name, external_id }) => `${name} ${external_id}`);
    expect(found.sort()).toEqual(['Drydock r-1', 'Drydock r-2', 'Drydock specs r-1']);
  });

  it('is found again after its answer was lost', async () => {
    const head = await commit();
    github.faults.push(lost(/\/check-runs$/));
    await expect(host.reportCheck(repository, report(head))).rejects.toMatchObject({ name: 'HostUnavailable' });
    await host.reportCheck(repository, report(head, { state: 'failure' }));
    expect(await checksOf(head)).toEqual([expect.objectContaining({ conclusion: 'failure' })]);
  });

  it('has all its annotations, fifty at once, each once', async () => {
    const head = await commit();
    const annotations = Array.from({ length: 120 }, (_, i) => ({
      path: 'src/a.txt',
      line: i,
      level: 'warning' as const,
      message: `problem ${i}`,
    }));
    const asked = report(head, { state: 'failure', annotations });
    // The answer to the second fifty is lost.
    github.faults.push({ match: ({ method }) => method === 'PATCH', do: 'after' });
    await expect(host.reportCheck(repository, asked)).rejects.toMatchObject({ name: 'HostUnavailable' });
    await host.reportCheck(repository, asked);
    expect(await writes(() => host.reportCheck(repository, asked))).toEqual([]);
    const [run, ...others] = await checksOf(head);
    expect(others).toEqual([]);
    const shown = await annotationsOf(run?.id ?? 0);
    expect(shown.map(({ message }) => message)).toEqual(annotations.map(({ message }) => message));
    expect(shown[0]).toMatchObject({ path: 'src/a.txt', start_line: 1, end_line: 1, annotation_level: 'warning' });

    // One that does not hold any more cannot be taken back: another run takes the place.
    await host.reportCheck(repository, report(head, { state: 'failure', annotations: annotations.slice(0, 3) }));
    const newest = (await checksOf(head)).sort((a, b) => b.id - a.id)[0];
    expect(newest?.id).not.toBe(run?.id);
    expect(await annotationsOf(newest?.id ?? 0)).toHaveLength(3);
    await host.reportCheck(repository, report(head, { state: 'success', annotations: annotations.slice(0, 3) }));
    expect((await checksOf(head)).map(({ conclusion }) => conclusion).sort()).toEqual(['failure', 'success']);
  });

  it('is cut to what GitHub takes', async () => {
    const head = await commit();
    const long = report(head, { summary: '🚢'.repeat(40_000), title: 't'.repeat(400) });
    await host.reportCheck(repository, long);
    const [run] = await checksOf(head);
    expect(run?.output.summary?.length).toBeLessThanOrEqual(65_535);
    expect(run?.output.summary?.isWellFormed()).toBe(true);
    expect(run?.output.title?.length).toBe(250);
    expect(await writes(() => host.reportCheck(repository, long))).toEqual([]);
  });

  it('is a commit status with a personal token', async () => {
    const head = await commit();
    const asked = report(head, { title: `Waits\nfor ${'x'.repeat(200)}`, link: 'https://drydock.test/r-1' });
    expect(await writes(() => withToken.reportCheck(repository, asked))).toEqual([`POST statuses/${head}`]);
    expect(await writes(() => withToken.reportCheck(repository, asked))).toEqual([]);
    await withToken.reportCheck(repository, { ...asked, state: 'failure' });
    const path = `${github.url}/repos/${repository}/commits/${head}/statuses`;
    const statuses = (await (await fetch(path)).json()) as { context: string; state: string; description: string }[];
    expect(statuses.map(({ context, state }) => `${context} ${state}`)).toEqual(['Drydock failure', 'Drydock pending']);
    expect(statuses[0]?.description).toMatch(/^Waits for x+ …$/);
    expect(statuses[0]?.description).toHaveLength(140);
    expect(await checksOf(head)).toEqual([]);
  });
});

describe('what CI says', () => {
  const status = (head: string, context: string, state: string, description = '') =>
    fetch(`${github.url}/repos/${repository}/statuses/${head}`, {
      method: 'POST',
      body: JSON.stringify({ context, state, description, target_url: 'https://ci.test/1' }),
    });
  const byName = async (head: string, details = false) =>
    Object.fromEntries((await host.gateResults(repository, head, details)).map((result) => [result.name, result]));

  it('is the newest of each check and status, and not ours', async () => {
    const head = await commit();
    await github.reportCheck(head, 'build', 'failure');
    await github.reportCheck(head, 'build', 'success');
    await github.as('ci-gh').checks.create({ ...github.at, name: 'e2e', head_sha: head, status: 'in_progress' });
    await status(head, 'ci/lint', 'pending');
    await status(head, 'ci/lint', 'error', 'the machine is gone');
    await status(head, 'ci/docs', 'pending');
    await status(head, 'ci/types', 'success');
    await host.reportCheck(repository, report(head));
    await withToken.reportCheck(repository, report(head, { name: 'Drydock specs' }));
    expect(await byName(head)).toEqual({
      build: expect.objectContaining({ state: 'passed', conclusion: 'success' }),
      e2e: expect.objectContaining({ state: 'pending', conclusion: 'in_progress' }),
      'ci/lint': {
        name: 'ci/lint',
        state: 'failed',
        conclusion: 'error',
        detail: 'the machine is gone',
        url: 'https://ci.test/1',
      },
      'ci/docs': expect.objectContaining({ state: 'pending' }),
      'ci/types': expect.objectContaining({ state: 'passed' }),
    });
  });

  it('comes with the reason where it is asked for', async () => {
    const head = await commit();
    const output = {
      title: 'Lint',
      summary: '2 problems',
      annotations: [
        { path: 'src/a.txt', start_line: 3, end_line: 3, annotation_level: 'failure' as const, message: 'semicolon' },
      ],
    };
    const done = { status: 'completed' as const, conclusion: 'failure' as const };
    await github.as('ci-gh').checks.create({ ...github.at, name: 'lint', head_sha: head, ...done, output });
    expect((await byName(head)).lint?.detail).toBe('');
    expect((await byName(head, true)).lint?.detail).toBe('Lint\n2 problems\nsrc/a.txt:3: failure: semicolon');
  });

  it('is nothing of a commit that nobody checked', async () => {
    expect(await host.gateResults(repository, await commit(), true)).toEqual([]);
  });
});

describe('a comment of ours', () => {
  const bodies = async (number: number) => (await github.comments(number)).map(({ body }) => body ?? '');

  it('is written once per key, and changed when it says something else', async () => {
    const number = await pull();
    const say = (body: string, key = 'k') => host.comment(repository, String(number), key, body);
    expect(await writes(() => say('one'))).toEqual([`POST issues/${number}/comments`]);
    expect(await writes(() => say('one'))).toEqual([]);
    expect(await writes(() => say('two'))).toEqual([expect.stringMatching(/^PATCH issues\/comments\/\d+$/)]);
    await Promise.all([say('three', 'other'), say('three', 'other')]);
    expect(await bodies(number)).toEqual([
      expect.stringMatching(/^two\n\n<!-- drydock:[0-9a-f]{32} -->$/),
      expect.stringMatching(/^three\n\n<!--/),
    ]);
    expect((await github.comments(number)).map(({ user }) => user?.login)).toEqual(['drydock[bot]', 'drydock[bot]']);
  });

  it('is not what somebody else marks as ours, nor one that quotes the mark', async () => {
    const [other, number] = [await pull(), await pull()];
    await host.comment(repository, String(other), 'a', 'elsewhere');
    const mark = /<!--.*-->$/.exec((await bodies(other))[0] ?? '')?.[0];
    const say = (body: string, key: string) => host.comment(repository, String(number), key, body);
    await github.comment(number, 'reader-gh', `pasted\n\n${mark}`);
    await say(`quotes ${mark} of a`, 'b');
    await say('mine', 'a');
    await say('changed', 'a');
    expect((await bodies(number)).map((body) => body.split('\n')[0])).toEqual([
      'pasted',
      `quotes ${mark} of a`,
      'changed',
    ]);
  });

  it('is found behind many others, and after its answer was lost', async () => {
    const number = await pull();
    for (let i = 0; i < 105; i++) await github.comment(number, 'dev-gh', `comment ${i}`);
    github.faults.push(lost(/\/comments$/));
    const say = () => host.comment(repository, String(number), 'k', 'once');
    await expect(say()).rejects.toMatchObject({ name: 'HostUnavailable' });
    expect(await writes(say)).toEqual([]);
  });

  it('is cut to what GitHub takes, and found again', async () => {
    const number = await pull();
    const say = () => host.comment(repository, String(number), 'k', 'x'.repeat(80_000));
    await say();
    expect(await writes(say)).toEqual([]);
    const [body = ''] = await bodies(number);
    expect(body.length).toBeLessThanOrEqual(65_536);
  });

  it('is by the account of a personal token', async () => {
    const number = await pull();
    await withToken.comment(repository, String(number), 'k', 'one');
    await host.comment(repository, String(number), 'k', 'two');
    await withToken.comment(repository, String(number), 'k', 'three');
    expect((await github.comments(number)).map(({ user, body }) => `${user?.login} ${body?.split('\n')[0]}`)).toEqual([
      'dev-gh three',
      'drydock[bot] two',
    ]);
  });
});

describe('reviews (R26)', () => {
  it('are told oldest first, with who, what and of which commit', async () => {
    const number = await pull();
    const first = (await github.pull(number)).head.sha;
    await github.review(number, 'lead-gh', 'REQUEST_CHANGES', { body: 'Say why.', commit: first });
    const second = await github.push({ 'n.txt': 'more' }, { branch: `n-${heads}`, withhold: true });
    const { id } = await github.review(number, 'second-gh', 'APPROVE', { commit: second });
    const [one, two, ...more] = await host.reviews(repository, String(number));
    expect(more).toEqual([]);
    expect(one).toMatchObject({
      author: { login: 'lead-gh', bot: false },
      head: first,
      state: 'changes-requested',
      body: 'Say why.',
    });
    expect(two).toMatchObject({ id: String(id), author: { login: 'second-gh' }, head: second, state: 'approved' });
    await github.admin.pulls.dismissReview({ ...github.at, pull_number: number, review_id: id, message: 'old' });
    expect((await host.reviews(repository, String(number)))[1]?.state).toBe('dismissed');
  });

  it('bring comments on lines, which are answered in their threads, once', async () => {
    const number = await pull();
    const head = (await github.pull(number)).head.sha;
    const comments = [
      { path: 'n.txt', line: 1, body: 'Why this?' },
      { path: 'src/a.txt', line: 2, body: 'And that?' },
    ];
    const review = await github.review(number, 'lead-gh', 'REQUEST_CHANGES', { commit: head, comments });
    await github.review(number, 'second-gh', 'REQUEST_CHANGES', { commit: head, comments: comments.slice(0, 1) });
    const asked = [repository, String(number)] as const;
    expect(await host.reviewComments(...asked, String(review.id))).toEqual([
      {
        id: String(review.comments[0]),
        author: { login: 'lead-gh', id: expect.any(Number), bot: false },
        ...comments[0],
      },
      {
        id: String(review.comments[1]),
        author: { login: 'lead-gh', id: expect.any(Number), bot: false },
        ...comments[1],
      },
    ]);

    const thread = String(review.comments[0]);
    const answer = (body: string) => host.reply(...asked, thread, `thread#${thread}`, body);
    github.faults.push(lost(/\/replies$/));
    await expect(answer('Done.')).rejects.toMatchObject({ name: 'HostUnavailable' });
    expect(await writes(() => answer('Done.'))).toEqual([]);
    expect(await writes(() => answer('Done in abc.'))).toEqual([expect.stringMatching(/^PATCH pulls\/comments\/\d+$/)]);
    const replies = (await github.reviewComments(number)).filter(({ in_reply_to_id }) => in_reply_to_id !== null);
    expect(replies).toEqual([
      expect.objectContaining({
        in_reply_to_id: review.comments[0],
        body: expect.stringMatching(/^Done in abc\./),
        user: expect.objectContaining({ login: 'drydock[bot]' }),
      }),
    ]);
    // The answers belong to no review.
    expect(await host.reviewComments(...asked, String(review.id))).toHaveLength(2);
  });

  it('need no answer to a comment that is gone', async () => {
    const number = await pull();
    await expect(host.reply(repository, String(number), '999999', 'k', 'Done.')).resolves.toBeUndefined();
  });
});

describe('people', () => {
  it.each([
    ['dev-gh', 'write'],
    ['reader-gh', 'read'],
    ['outsider-gh', 'none'],
    ['admin', 'admin'],
    ['nobody-at-all', 'none'],
  ])('%s has the permission %s', async (login, permission) => {
    expect(await host.permission(repository, login)).toBe(permission);
  });

  it('have no permission only if GitHub says so', async () => {
    github.faults.push({ match: ({ path }) => path.endsWith('/permission'), do: { status: 403, message: 'no' } });
    await expect(host.permission(repository, 'dev-gh')).rejects.toMatchObject({ name: 'HostForbidden' });
  });

  it('are behind a push, whatever the commit says of its author', async () => {
    const head = await github.push({ 'by.txt': 'x' }, { by: 'writer-gh', withhold: true });
    expect(await host.pusherOf(repository, 'main', head)).toEqual({
      login: 'writer-gh',
      id: expect.any(Number),
      bot: false,
    });
  });

  it('merge pull requests, which brought the commit', async () => {
    const number = await github.mergePull({ 'merged.txt': 'x' }, { by: 'dev-gh' });
    expect(await host.pullRequestsOf(repository, await github.head('main'))).toEqual([String(number)]);
    const open = await pull();
    expect(await host.pullRequestsOf(repository, (await github.pull(open)).head.sha)).toEqual([]);
  });

  it('R53 the last change of a path leads to the pull request that brought it, with its author, target and state', async () => {
    const number = await github.mergePull({ 'last.txt': 'x' }, { by: 'dev-gh' });
    await github.push({ 'else.txt': 'y' }, { by: 'dev-gh' });
    const changed = await host.lastChange(repository, await github.head('main'), 'last.txt');
    expect(await host.pullRequestsOf(repository, changed ?? '')).toEqual([String(number)]);
    const { head } = await github.pull(number);
    expect(await host.pullRequest(repository, String(number))).toMatchObject({
      ...{ author: { login: 'dev-gh', bot: false }, target: 'main', head: head.sha, merged: true },
    });
    expect(await host.pullRequest(repository, String(await pull()))).toMatchObject({ merged: false });
    expect(await host.lastChange(repository, await github.head('main'), 'never.txt')).toBeUndefined();
  });
});

describe('deliveries that failed', () => {
  const fresh = async () => {
    const other = await startGitHub();
    const access = createGitHubAccess(other.config, {
      credentials,
      seal: (text) => text,
      open: (text) => text,
      now: Date.now,
      sleep: async () => undefined,
    });
    return { other, access };
  };
  const delivery = (n: number) => ({ event: 'push', body: JSON.stringify({ n }) });

  it('are those that no attempt brought, oldest first, however many there are', async () => {
    const { other, access } = await fresh();
    try {
      expect(await failedDeliveries(access, 0)).toEqual([]);
      const failed = Array.from({ length: 3 }, (_, n) => other.attempted(delivery(n), 502));
      other.attempted(delivery(10), 200);
      // Tried again: once with success, once without.
      other.attempted(delivery(1), 200, failed[1]);
      other.attempted(delivery(2), 500, failed[2]);
      for (let n = 100; n < 310; n++) other.attempted(delivery(n), 200);
      expect(await failedDeliveries(access, 0)).toEqual([delivery(0), delivery(2)]);
      expect(await failedDeliveries(access, Date.now() + 60_000)).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('are sent again, whatever they are, until they arrive', async () => {
    const { other, access } = await fresh();
    const arrived: string[] = [];
    let refusing = true;
    let refused = 0;
    const hook = createServer((request, response) => {
      request.resume();
      if (refusing) refused += 1;
      else arrived.push(String(request.headers['x-github-event']));
      response.writeHead(refusing ? 429 : 202).end();
    }).listen(0, '127.0.0.1');
    await once(hook, 'listening');
    try {
      other.deliverTo(`http://127.0.0.1:${(hook.address() as AddressInfo).port}/webhook`);
      const events = ['push', 'pull_request_review', 'issue_comment', 'check_run'];
      for (const event of events) other.attempted({ event, body: '{}' }, 429);
      expect(await repeatFailedDeliveries(access, 0)).toBe(4);
      await expect.poll(() => refused, waiting).toBe(4);
      refusing = false;
      other.attempted({ event: 'star', body: '{}' }, 429);
      expect(await repeatFailedDeliveries(access, 0)).toBe(5);
      await expect.poll(() => arrived.toSorted(), waiting).toEqual([...events, 'star'].toSorted());
      await expect.poll(() => repeatFailedDeliveries(access, 0), waiting).toBe(0);
    } finally {
      hook.close();
      await other.close();
    }
  });

  it('are nobody’s with a personal token', async () => {
    expect(await repeatFailedDeliveries(accessWith({ token: 'tok_dev-gh' }), 0)).toBe(0);
    expect(await failedDeliveries(accessWith({ token: 'tok_dev-gh' }), 0)).toEqual([]);
  });
});

/** The emulator sends its messages after it answered. */
const waiting = { timeout: 60_000 };

describe('what was delivered meanwhile', () => {
  it('reads as events', async () => {
    await github.push({ 'last.txt': 'x' }, { by: 'dev-gh' });
    const head = await github.head('main');
    await github.reportCheck(head, 'build', 'success');
    const number = await pull();
    await github.comment(number, 'dev-gh', '/drydock status');
    await github.closePull(number, 'dev-gh');
    await github.review(number, 'lead-gh', 'REQUEST_CHANGES', { body: 'x', commit: await commit() });
    const read = (name: string) =>
      github.delivered(name).map(({ body }) => {
        const event = readEvent(name, JSON.parse(body));
        if (event.kind !== 'nothing') expect(event.repository).toBe(repository);
        return event.kind;
      });
    await expect.poll(() => read('push'), waiting).toContain('push');
    await expect.poll(() => read('pull_request'), waiting).toContain('pull-request');
    await expect.poll(() => read('pull_request'), waiting).toContain('pull-request-closed');
    await expect.poll(() => read('pull_request_review'), waiting).toContain('review');
    await expect.poll(() => read('issue_comment'), waiting).toContain('comment');
    await expect.poll(() => read('check_run'), waiting).toContain('ci');
  });
});
