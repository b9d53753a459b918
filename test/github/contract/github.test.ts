/** What only the `github` code host has; what every code host does is in code-host.test.ts, and faults in mid-publish in github-faults.test.ts. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createGitHubAccess, type GitHubAccessConfig } from '../../../adapters/github/api/app.ts';
import { createGitHubCodeHost } from '../../../adapters/github/code-host.ts';
import { comparing } from '../../../adapters/github/merge/comparing.ts';
import { history } from '../../../adapters/github/repository/history.ts';
import { here } from '../../../adapters/thread/here.ts';
import { defined } from '../../../core/defined.ts';
import type { CodeHost } from '../../../core/ports/host/code-host.ts';
import type { Credentials } from '../../../core/ports/host/credentials.ts';
import { memoryCredentials } from '../../machine/contract/code-host-fixtures.ts';
import { change, type Edit, removeTempFolders, sh, tempFolder } from '../../machine/contract/git-fixture.ts';
import { type Fault, type GitHubKit, startGitHub } from '../../support/github/kit.ts';

/** A git on the path that writes down its arguments; before the adapters are loaded, which keep the path they find. */
const argv = vi.hoisted(() => {
  const { chmodSync, mkdtempSync, writeFileSync } = process.getBuiltinModule('node:fs');
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  const folder = mkdtempSync(`${process.getBuiltinModule('node:os').tmpdir()}/drydock-argv-`);
  const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  writeFileSync(`${folder}/log`, '');
  writeFileSync(`${folder}/git`, `#!/bin/sh\nprintf '%s\\n' "$@" >> '${folder}/log'\nexec '${git}' "$@"\n`);
  chmodSync(`${folder}/git`, 0o755);
  const before = process.env.PATH;
  process.env.PATH = `${folder}:${before}`;
  return { folder, before };
});

interface Sent {
  method: string;
  path: string;
  body: string;
}
let github: GitHubKit;
let repository: string;
let base: string;
/** Requests that were answered; each test begins with none. */
const sent: Sent[] = [];
let runs = 0;

beforeAll(async () => {
  github = await startGitHub({ files: { 'src/a.txt': 'one\ntwo\n', 'src/b.txt': 'b\n' } });
  ({ repository } = github);
  base = await github.head('main');
  github.watch((call) => {
    sent.push(call);
    return false;
  });
});
afterEach(() => {
  expect(github.faults.splice(0)).toEqual([]);
  sent.length = 0;
});
afterAll(async () => {
  process.env.PATH = argv.before;
  await github.close();
  process.getBuiltinModule('node:fs').rmSync(argv.folder, { recursive: true, force: true });
  removeTempFolders();
});

interface Options {
  run?: string;
  repository?: string;
  installation?: number;
  credentials?: Credentials;
  now?: () => number;
  config?: Partial<GitHubAccessConfig>;
}
/** A host as a process of its own has it. */
function open(options: Options = {}) {
  const credentials = memoryCredentials();
  const sleeps: number[] = [];
  const dataDir = tempFolder();
  const run = options.run ?? `r-${++runs}`;
  const access = createGitHubAccess(
    { ...github.config, ...options.config },
    {
      credentials: options.credentials ?? credentials,
      seal: (text) => Buffer.from(text).toString('base64'),
      open: (text) => Buffer.from(text, 'base64').toString(),
      now: options.now ?? Date.now,
      sleep: async (ms) => sleeps.push(ms),
    },
  );
  const { installation } = options;
  const scope = { repository: options.repository ?? repository, run, ...(installation ? { installation } : {}) };
  const host = createGitHubCodeHost({ comparing, history, access, dataDir, scope, thread: here });
  return { host, access, credentials, sleeps, dataDir, run, branch: `agent/${run}` };
}
type World = ReturnType<typeof open>;

const edits: Edit[] = [
  ['src/a.txt', 'ONE\ntwo\n'],
  ['logo.png', Buffer.from([0x89, 0x50, 0, 0xff])],
];
const publish = async ({ host, branch, run }: World, what: Edit[] = edits, previous?: string): Promise<string> => {
  const message = `T-1: x\n\nDrydock-Run: ${run}\n`;
  const request = { repository, branch, change: change(base, what), message, at: 0 };
  return (await host.publish({ ...request, ...defined({ previous }) })).commit;
};
type Asked = Parameters<CodeHost['openPullRequest']>[0];
const pullOf = ({ branch }: World, head: string, more: Partial<Asked> = {}): Asked => ({
  ...{ repository, branch, target: 'main', base, head, title: 'T-1', body: 'body', labels: ['drydock'] },
  reviewers: { logins: [], teams: [] },
  ...more,
});
const of = (method: string, path: RegExp): Sent[] =>
  sent.filter((call) => call.method === method && path.test(call.path));
const minting = /\/access_tokens$/;
/** Minted from here on, oldest first. */
const mintedBy = async (work: () => Promise<unknown>): Promise<string[]> => {
  const before = github.minted().length;
  await work();
  return github.minted().slice(before);
};
const isRevoked = (token: string | undefined): boolean => github.revoked().includes(token ?? '');
const failing = (times: number, match: Fault['match'], fault: Fault['do']): void =>
  void github.faults.push(...Array.from({ length: times }, (): Fault => ({ match, do: fault })));
const badGateway = { status: 502, message: 'Bad Gateway' };

describe('R16 credentials', () => {
  it('are three, for one repository each, with the least that their purpose needs', async () => {
    const world = open();
    const from = github.calls.length;
    const tokens = await mintedBy(async () => {
      await world.host.listTree(repository, base);
      await world.host.openPullRequest(pullOf(world, await publish(world)));
      await world.host.exportBase(repository, base, 1);
    });
    const asked = of('POST', minting).map(({ body }) => JSON.parse(body));
    expect(asked.map(({ repositories }) => repositories)).toEqual(tokens.map(() => ['calc']));
    const kinds = asked.map(({ permissions }) => {
      if (!Object.values(permissions).includes('write')) return 'read';
      return permissions.contents === undefined ? 'report' : 'write';
    });
    expect(kinds).toEqual(['read', 'write', 'write', 'report']);
    expect(asked[1].permissions).toEqual({ contents: 'write', metadata: 'read', pull_requests: 'write' });

    const calls = github.calls.slice(from).map((call) => ({ ...call, kind: kinds[tokens.indexOf(call.token ?? '')] }));
    const kindsOf = (path: RegExp, method = 'POST') => [
      ...new Set(calls.filter((call) => call.method === method && path.test(call.path)).map(({ kind }) => kind)),
    ];
    expect(kindsOf(/^\/acme\/calc\.git\//, 'GET')).toEqual(['read']);
    expect(kindsOf(/\/git\/(?:blobs|trees|commits|refs)$|\/pulls$/)).toEqual(['write']);
    expect(kindsOf(/\/labels$/)).toEqual(['report']);
    expect(tokens.map(isRevoked)).toEqual([false, true, true, false]);
    await world.host.release();
  });

  it('that may write are revoked when publishing fails', async () => {
    const world = open();
    await github.push({ 'theirs.txt': 'x' }, { branch: world.branch, withhold: true });
    const tokens = await mintedBy(() => expect(publish(world)).rejects.toMatchObject({ name: 'BranchTaken' }));
    expect(tokens.map(isRevoked)).toEqual([true]);
  });

  it('are all given back by release, of this run only, and once', async () => {
    const credentials = memoryCredentials();
    const [mine, other] = [open({ credentials }), open({ credentials })];
    const tokens = await mintedBy(async () => {
      await mine.host.openPullRequest(pullOf(mine, await publish(mine)));
      await mine.host.listTree(repository, base);
    });
    const [theirs] = await mintedBy(() => other.host.listTree(repository, base));
    await mine.host.release();
    expect(tokens.map(isRevoked)).toEqual(tokens.map(() => true));
    expect([await credentials.owners(), isRevoked(theirs)]).toEqual([[other.run], false]);
    const before = github.calls.length;
    await mine.host.release();
    expect(github.calls.length).toBe(before);
    // A host that was released works on, and tries none of what it gave back.
    expect(await mine.host.resolve(repository, 'main')).toBe(base);
    expect(github.calls.slice(before).map(({ status }) => status)).not.toContain(401);
    await mine.host.release();
    await other.host.release();
  });

  it('of a process that died are revoked by the next', async () => {
    const died = open();
    const [token] = await mintedBy(() => died.host.listTree(repository, base));
    expect([...died.credentials.all.values()]).toMatchObject([{ owner: died.run, purpose: 'read' }]);
    expect(JSON.stringify([...died.credentials.all.values()])).not.toContain(token);
    await open({ run: died.run, credentials: died.credentials }).host.release();
    expect([isRevoked(token), died.credentials.all.size]).toEqual([true, 0]);
  });

  it('stay remembered while they cannot be revoked', async () => {
    const world = open();
    failing(4, ({ method }) => method === 'DELETE', badGateway);
    const [token] = await mintedBy(() => publish(world));
    expect([isRevoked(token), [...world.credentials.all.values()].map(({ purpose }) => purpose)]).toEqual([
      false,
      ['write'],
    ]);
    const [read] = await mintedBy(() => world.host.listTree(repository, base));
    failing(4, ({ method }) => method === 'DELETE', badGateway);
    await expect(world.host.release()).rejects.toMatchObject({ name: 'HostUnavailable' });
    // One that fails keeps no other.
    expect([isRevoked(token), isRevoked(read), world.credentials.all.size]).toEqual([false, true, 1]);
    await world.host.release();
    expect([isRevoked(token), world.credentials.all.size]).toEqual([true, 0]);
  });

  it('are used by nobody before they are remembered', async () => {
    const credentials = { ...memoryCredentials(), remember: () => Promise.reject(new Error('disk full')) };
    const world = open({ credentials });
    const [token] = await mintedBy(() => expect(world.host.resolve(repository, 'main')).rejects.toThrow('disk full'));
    expect(isRevoked(token)).toBe(true);
    expect(of('GET', /\/git\//)).toEqual([]);
  });

  it('are minted anew shortly before they expire, and not revoked after', async () => {
    let now = Date.now();
    const world = open({ now: () => now });
    const ask = () => mintedBy(() => world.host.resolve(repository, 'main'));
    expect((await ask()).length).toBe(1);
    now += 50 * 60_000;
    expect((await ask()).length).toBe(0);
    now += 6 * 60_000;
    expect((await ask()).length).toBe(1);
    now += 3_600_000;
    const before = github.revoked().length;
    await world.host.release();
    expect([github.revoked().length, world.credentials.all.size]).toEqual([before, 0]);
  });

  it('that somebody revoked are minted anew, for the API and for git', async () => {
    const world = open();
    const revoke = (token = '') =>
      fetch(`${github.url}/installation/token`, { method: 'DELETE', headers: { authorization: `token ${token}` } });
    const [first] = await mintedBy(() => world.host.resolve(repository, 'main'));
    await revoke(first);
    const [second] = await mintedBy(() => world.host.listTree(repository, base));
    await revoke(second);
    const [third] = await mintedBy(() => world.host.exportBase(repository, base, 1));
    expect(new Set([first, second, third, undefined]).size).toBe(4);
    await world.host.release();
    expect(isRevoked(third)).toBe(true);
  });
});

describe('R25 publishing', () => {
  it('leaves author, committer and date to GitHub, which signs only then, and forces nothing', async () => {
    const world = open();
    const first = await publish(world);
    await publish(world, [['src/b.txt', 'B\n']], first);
    const commits = of('POST', /\/git\/commits$/).map(({ body }) => Object.keys(JSON.parse(body)).sort());
    expect(commits).toEqual([['message', 'parents', 'tree'], ['message', 'parents', 'tree']]); // biome-ignore format: one line
    const moved = of('PATCH', /\/git\/refs\//).map(({ body }) => JSON.parse(body).force);
    expect(moved).toEqual([false]);
    await world.host.release();
  });

  it('blames at the default branch, with the trailers of the run (R6)', async () => {
    const world = open();
    const commit = await publish(world);
    await github.force('main', commit, 'admin');
    const found = await world.host.blame(repository, 'src/a.txt', 1);
    expect(found).toEqual({ commit, text: 'ONE', trailers: [['Drydock-Run', world.run]] });
    expect(await world.host.blame(repository, 'src/a.txt', 2)).toMatchObject({ text: 'two', trailers: [] });
    await expect(world.host.blame(repository, 'src/a.txt', 9)).rejects.toMatchObject({ name: 'FileUnreadable' });
    await github.force('main', base, 'admin');
    await world.host.release();
  });
});

describe('R25 pull requests', () => {
  it('get labels and reviewers once, without those GitHub refuses', async () => {
    const world = open();
    const head = await publish(world);
    const reviewers = {
      logins: ['lead-gh', 'nobody-at-all', 'outsider-gh', 'second-gh'],
      teams: ['acme/no-such-team'],
    };
    const asked = pullOf(world, head, { labels: ['drydock', 'bug'], reviewers });
    const opened = await world.host.openPullRequest(asked);
    const seen = await world.host.readPullRequest(repository, world.branch);
    expect(seen).toMatchObject({
      labels: ['drydock', 'bug'],
      reviewers: { logins: ['lead-gh', 'second-gh'], teams: [] },
    });
    // Who has reviewed this head is not asked any more.
    await github.review(Number(opened.id), 'writer-gh', 'APPROVE', { commit: head });
    sent.length = 0;
    const known = { logins: ['LEAD-gh', 'second-gh', 'Writer-GH'], teams: [] };
    expect(await world.host.openPullRequest({ ...asked, reviewers: known })).toEqual(opened);
    expect(sent.filter(({ method, path }) => method !== 'GET' && /\/(?:pulls|issues)/.test(path))).toEqual([]);
    await world.host.release();
  });

  it('are cut to what GitHub takes, between characters', async () => {
    const world = open();
    const text = { title: `${'t'.repeat(255)}😀`, body: `${'b'.repeat(65_535)}😀` };
    const { id } = await world.host.openPullRequest(pullOf(world, await publish(world), text));
    const pull = await github.pull(Number(id));
    expect([pull.title, pull.body]).toEqual(['t'.repeat(255), 'b'.repeat(65_535)]);
    await world.host.release();
  });

  it('say so where a plan has no drafts, and are never made without', async () => {
    const world = open();
    const head = await publish(world);
    const refusal = { status: 422, message: 'Draft pull requests are not supported in this repository.' };
    failing(1, ({ method, path }) => method === 'POST' && path.endsWith('/pulls'), refusal);
    const asked = world.host.openPullRequest(pullOf(world, head));
    await expect(asked).rejects.toMatchObject({ name: 'HostRefused', remedy: expect.stringContaining('plan') });
    expect((await github.pulls()).filter((pull) => pull.head.ref === world.branch)).toEqual([]);
    await world.host.release();
  });
});

describe('R12 what GitHub answers, by name', () => {
  const inAnHour = String(Math.floor(Date.now() / 1000) + 3600);
  const limited = { name: 'HostRateLimited', retry: 'transient' };
  const table: [string, Exclude<Fault['do'], 'after'>, number, object][] = [
    ['a long wait', { status: 403, message: 'x', headers: { 'retry-after': '120' } }, 1, { ...limited, details: { status: 403, retryAfterMs: 120_000 } }],
    ['429', { status: 429, message: 'x', headers: { 'retry-after': '90' } }, 1, { ...limited, details: { status: 429, retryAfterMs: 90_000 } }],
    ['an empty quota', { status: 403, message: 'x', headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inAnHour } }, 1, limited],
    ['the secondary limit without a time', { status: 403, message: 'You have exceeded a secondary rate limit.' }, 4, limited],
    ['no end of 500', { status: 500, message: 'Server Error' }, 4, { name: 'HostUnavailable', retry: 'transient' }],
    ['no end of 503', { status: 503, message: 'Unavailable' }, 4, { name: 'HostUnavailable', retry: 'transient' }],
    ['a permission that is not granted', { status: 403, message: 'Resource not accessible by integration', headers: { 'x-accepted-github-permissions': 'contents=read' } }, 1, { name: 'HostForbidden', retry: 'never', remedy: expect.stringContaining('contents=read') }],
    ['404 for what it does not show', { status: 404, message: 'Not Found' }, 1, { name: 'HostForbidden', retry: 'never' }],
    ['a credential it does not take', { status: 401, message: 'Bad credentials' }, 2, { name: 'HostForbidden', retry: 'never', remedy: expect.stringContaining('credential') }],
    ['a refusal', { status: 422, message: 'Validation Failed' }, 1, { name: 'HostRefused', retry: 'never' }],
    ['a legal refusal', { status: 451, message: 'Unavailable For Legal Reasons' }, 1, { name: 'HostRefused', retry: 'never' }],
  ]; // biome-ignore format: a table

  it.each(table)('%s', async (_, fault, times, expected) => {
    let later = 0;
    const { host } = open({ now: () => Date.now() + later });
    failing(times, ({ path }) => path.includes('/git/trees/'), fault);
    await expect(host.listTree(repository, base)).rejects.toMatchObject(expected);
    // It is asked again afterwards: once the wait that it asked for is over.
    later = 3_700_000;
    expect((await host.listTree(repository, base)).size).toBe(3);
    await host.release();
  });

  it('waits as long as it is asked, and repeats no POST of which nobody knows', async () => {
    const world = open();
    const trees: Fault['match'] = ({ method, path }) => method === 'POST' && path.endsWith('/git/trees');
    const posts = () => github.calls.filter(trees).length;
    let before = posts();
    failing(1, trees, badGateway);
    await expect(publish(world)).rejects.toMatchObject({ name: 'HostUnavailable' });
    expect([posts() - before, world.sleeps]).toEqual([1, []]);
    before = posts();
    failing(2, trees, { status: 429, message: 'x', headers: { 'retry-after': '7' } });
    await publish(world);
    expect([posts() - before, world.sleeps]).toEqual([3, [7_000, 7_000]]);
    await world.host.release();
  });

  it('a repository without the app, an app without the permission, nobody there', async () => {
    const scope = { repository: 'acme/nope', installation: github.app.installation };
    const remedy = expect.stringMatching(/acme\/nope .*contents: read/);
    await expect(open(scope).host.resolve('acme/nope', 'main')).rejects.toMatchObject({
      name: 'HostForbidden',
      remedy,
    });
    const gone = 'http://127.0.0.1:1';
    const away = open({ config: { apiUrl: gone } });
    const silent = {
      name: 'HostUnavailable',
      message: expect.stringContaining('did not answer'),
      details: { status: 0 },
    };
    await expect(away.host.resolve(repository, 'main')).rejects.toMatchObject(silent);
    const noGit = open({ config: { gitUrl: gone } });
    await expect(noGit.host.exportBase(repository, base, 1)).rejects.toMatchObject({ name: 'HostUnavailable' });
    const unknown = 'f'.repeat(40);
    await expect(noGit.host.listTree(repository, unknown)).rejects.toMatchObject({ name: 'HostForbidden' });
    await expect(open().host.exportBase(repository, unknown, 1)).rejects.toMatchObject({ name: 'HostRefused' });
  });
});

describe('R16 tokens and keys', () => {
  it('are in no error, no argument of git and no file', async () => {
    const world = open();
    const errors: unknown[] = [];
    const fail = async (work: () => Promise<unknown>) => errors.push(await work().then(() => undefined, (error) => error)); // biome-ignore format: one line
    const tokens = await mintedBy(async () => {
      const [read] = await mintedBy(() => world.host.resolve(repository, 'main'));
      for (const status of [401, 403, 404, 422, 500]) {
        failing(status === 500 ? 4 : status === 401 ? 2 : 1, ({ path }) => path.includes('/git/trees/'), {
          status,
          message: `no ${read} here`,
        });
        await fail(() => world.host.listTree(repository, base));
      }
      const commit = await publish(world);
      await world.host.openPullRequest(pullOf(world, commit));
      await world.host.exportBase(repository, base, 1);
      await world.host.diff(repository, base, commit, 1_000);
      await world.host.rebase(repository, change(base, edits), commit);
      await world.host.blame(repository, 'src/a.txt', 1);
      await fail(() => world.host.exportBase(repository, 'f'.repeat(40), 1));
      await fail(() => publish({ ...world, run: 'r-other' }));
    });
    expect(errors.every((error) => error instanceof Error)).toBe(true);
    const files = readdirSync(world.dataDir, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    expect(files.length).toBeGreaterThan(10);
    const places = {
      errors: errors.map((error) => inspect(error, { depth: 9, showHidden: true })).join('\n'),
      argv: readFileSync(join(argv.folder, 'log'), 'utf8'),
      files: files.map((file) => readFileSync(join(file.parentPath, file.name), 'latin1')).join('\n'),
    };
    expect(places.argv).toContain(`${github.url}/${repository}.git`);
    expect(tokens.length).toBeGreaterThan(3);
    const secrets = tokens.flatMap((token) => [token, Buffer.from(`x-access-token:${token}`).toString('base64')]);
    for (const [place, text] of Object.entries(places)) {
      for (const secret of secrets) expect(text.includes(secret), place).toBe(false);
      expect(text).not.toMatch(/PRIVATE KEY|authorization: /i);
    }
    await world.host.release();
  });
});

describe('with a personal token', () => {
  it('does the same, mints nothing and revokes nothing', async () => {
    const world = open({ config: { auth: { token: 'tok_lead-gh' } } });
    const from = github.calls.length;
    const minted = await mintedBy(async () => {
      expect(world.access.mode).toBe('token');
      const head = await publish(world);
      const opened = await world.host.openPullRequest(
        pullOf(world, head, { reviewers: { logins: ['second-gh'], teams: [] } }),
      );
      await world.host.markReady(repository, { ...opened, branch: world.branch, head });
      expect(await world.host.readPullRequest(repository, world.branch)).toMatchObject({
        draft: false,
        labels: ['drydock'],
      });
      expect(sh(await world.host.exportBase(repository, head, 2), 'rev-list', '--all')).toBe(`${head}\n${base}`);
      await world.host.release();
    });
    expect([minted, world.credentials.all.size]).toEqual([[], 0]);
    expect(new Set(github.calls.slice(from).map(({ token }) => token))).toEqual(new Set(['tok_lead-gh']));
    expect(github.calls.slice(from).filter(({ path }) => /^\/(?:app|installation)/.test(path))).toEqual([]);
    await expect(world.access.app((octokit) => octokit.apps.getAuthenticated())).rejects.toMatchObject({
      name: 'HostForbidden',
    });
  });

  it('says so when GitHub or git does not take it', async () => {
    const world = open({ config: { auth: { token: 'expired' } } });
    // Once: there is no other to try with. The emulator itself takes any.
    failing(1, ({ path }) => path.includes('/git/ref/'), { status: 401, message: 'Bad credentials' });
    await expect(world.host.resolve(repository, 'main')).rejects.toMatchObject({ name: 'HostForbidden' });
    await expect(world.host.exportBase(repository, base, 1)).rejects.toMatchObject({ name: 'HostForbidden' });
  });
});

// Last, since the git of the test kit copies what there is.
it('R25 sends much text in several trees and one commit', async () => {
  const world = open();
  const big = (i: number): Edit => [`big/${i}.txt`, `${i}`.repeat(2_500_000)];
  const commit = await publish(world, [big(1), big(2), big(3)]);
  const trees = of('POST', /\/git\/trees$/);
  expect(trees.length).toBe(3);
  for (const { body } of trees) expect(body.length).toBeLessThan(4.5 * 1024 * 1024);
  expect(await github.parents(commit)).toEqual([base]);
  expect((await world.host.listTree(repository, commit)).size).toBe(6);
  await world.host.release();
});
