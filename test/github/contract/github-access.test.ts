/** Access to GitHub below the code host: whom a token serves, and which calls are made again. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AccessOptions, createGitHubAccess } from '../../../adapters/github/api/app.ts';
import { memoryCredentials } from '../../machine/contract/code-host-fixtures.ts';
import { type GitHubKit, startGitHub } from '../../support/github/kit.ts';

let github: GitHubKit;
let credentials: ReturnType<typeof memoryCredentials>;
let slept: number[];

beforeAll(async () => {
  github = await startGitHub();
});
beforeEach(() => {
  credentials = memoryCredentials();
  slept = [];
});
afterEach(async () => {
  github.faults.length = 0;
  for (const owner of await credentials.owners()) await accessOf().release(owner);
  expect(github.revoked().sort()).toEqual(github.minted().sort());
});
afterAll(() => github.close());

const stored = () => ({
  credentials,
  seal: (text: string) => Buffer.from(text).toString('base64'),
  open: (text: string) => Buffer.from(text, 'base64').toString(),
  now: Date.now,
});
const accessOf = (more: Partial<AccessOptions> = {}, config = {}) =>
  createGitHubAccess(
    { ...github.config, ...config },
    {
      ...stored(),
      sleep: async (ms) => slept.push(ms),
      ...more,
    },
  );
const run = { repository: 'acme/calc', run: 'r-1' };
const minting = (): number => github.calls.filter(({ path }) => path.endsWith('/access_tokens')).length;
const fail = (path: string, status: number, message: string, headers: Record<string, string> = {}, skip = 0): void => {
  github.faults.push({ match: (call) => call.path.endsWith(path), skip, do: { status, message, headers } });
};
const repo = 'repos/acme/calc';

describe('a token (R16)', () => {
  it('may do what its purpose needs and no more', async () => {
    const access = accessOf();
    const { at } = github;
    const branch = { ...at, ref: 'refs/heads/x', sha: await github.head('main') };
    await access.use(run, 'read', (octokit) => octokit.git.getRef({ ...at, ref: 'heads/main' }));
    for (const purpose of ['read', 'report'] as const) {
      const writing = access.use(run, purpose, (octokit) => octokit.git.createRef(branch));
      await expect(writing).rejects.toMatchObject({ name: 'HostForbidden' });
    }
    const check = { ...at, name: 'x', head_sha: branch.sha };
    for (const purpose of ['read', 'write'] as const) {
      const reporting = access.use(run, purpose, (octokit) => octokit.checks.create(check));
      await expect(reporting).rejects.toMatchObject({ name: 'HostForbidden' });
    }
    await access.use(run, 'write', (octokit) => octokit.git.createRef(branch));
    await access.use(run, 'report', (octokit) => octokit.checks.create(check));
    await access.release('r-1');
  });

  it('is kept per run and purpose, and minted once for all who ask at once', async () => {
    const access = accessOf();
    const before = minting();
    const tokens = await Promise.all([1, 2, 3, 4, 5].map(() => access.readToken(run)));
    expect(new Set(tokens).size).toBe(1);
    expect(minting() - before).toBe(1);
    expect(await access.readToken({ ...run, run: 'r-2' })).not.toBe(tokens[0]);
    expect(await access.readToken({ repository: 'acme/calc' })).not.toBe(tokens[0]);
    expect((await credentials.owners()).sort()).toEqual(['hooks', 'r-1', 'r-2']);
    for (const owner of await credentials.owners()) await access.release(owner);
    expect(credentials.all.size).toBe(0);
  });

  it('to write is minted once for parallel calls of one publication, and revoked at its end', async () => {
    const access = accessOf();
    const before = minting();
    const { at } = github;
    const read = () => access.use(run, 'write', (octokit) => octokit.git.getRef({ ...at, ref: 'heads/main' }));
    await access.writing(run, () => Promise.all([read(), read(), read()]));
    expect(minting() - before).toBe(1);
    expect(credentials.all.size).toBe(0);
  });

  it.each(['read', 'write', 'report'] as const)('that dies in mid-use is minted anew, once (%s)', async (purpose) => {
    const access = accessOf();
    const get = () => access.use(run, purpose, (octokit) => octokit.repos.get(github.at));
    fail(repo, 401, 'Bad credentials');
    expect((await get()).status).toBe(200);
    fail(repo, 401, 'Bad credentials');
    fail(repo, 401, 'Bad credentials');
    await expect(get()).rejects.toMatchObject({ name: 'HostForbidden' });
    await access.release('r-1');
    expect(credentials.all.size).toBe(0);
  });
});

describe('a call that fails', () => {
  const get = () => accessOf().use(run, 'read', (octokit) => octokit.repos.get(github.at));
  const comment = () =>
    accessOf().use(run, 'report', (octokit) =>
      octokit.issues.createLabel({ ...github.at, name: `l-${Math.random()}` }),
    );
  const count = (method: string) =>
    github.calls.filter((call) => call.method === method && call.path.startsWith(`/${repo}`)).length;

  it('is made again where it only reads, a few times', async () => {
    for (let i = 0; i < 3; i++) fail(repo, 502, 'Bad Gateway');
    expect((await get()).status).toBe(200);
    expect(slept).toHaveLength(3);
    for (let i = 0; i < 4; i++) fail(repo, 502, 'Bad Gateway');
    await expect(get()).rejects.toMatchObject({ name: 'HostUnavailable', retry: 'transient' });
  });

  it('is not made again where it writes and may have been done', async () => {
    const before = count('POST');
    fail(`${repo}/labels`, 502, 'Bad Gateway');
    await expect(comment()).rejects.toMatchObject({ name: 'HostUnavailable' });
    github.faults.push({ match: ({ path }) => path.endsWith('/labels'), do: 'after' });
    await expect(comment()).rejects.toMatchObject({ name: 'HostUnavailable' });
    expect(count('POST') - before).toBe(2);
    expect(slept).toEqual([]);
  });

  it('leaves an error of ours as it is', async () => {
    const ours = new TypeError('x is not a function');
    await expect(accessOf().use(run, 'read', () => Promise.reject(ours))).rejects.toBe(ours);
  });

  it('is not made again, and not waited for, once the process was asked to stop', async () => {
    const stop = new AbortController();
    const access = createGitHubAccess(github.config, { ...stored(), stopping: stop.signal });
    fail(repo, 429, 'Slow down', { 'retry-after': '55' });
    const limited = access.use(run, 'read', (octokit) => octokit.repos.get(github.at));
    const refused = expect(limited).rejects.toMatchObject({ name: 'HostRateLimited' });
    await vi.waitFor(() => expect(github.faults).toEqual([]), { timeout: 10_000 });
    stop.abort();
    await refused;
    const before = count('GET');
    fail(repo, 502, 'Bad Gateway');
    await expect(access.use(run, 'read', (octokit) => octokit.repos.get(github.at))).rejects.toMatchObject({
      name: 'HostUnavailable',
    });
    expect(count('GET') - before).toBe(1);
  });

  it('ends a few seconds after the process was asked to stop, whether it was made before or after', async () => {
    const asked = Promise.withResolvers<void>();
    const silent = createServer(() => asked.resolve());
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
    const stop = new AbortController();
    const apiUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const access = accessOf({ stopping: stop.signal }, { apiUrl });
    const get = () => access.app((octokit) => octokit.apps.getAuthenticated());
    const before = expect(get()).rejects.toMatchObject({ name: 'HostUnavailable' });
    await asked.promise;
    stop.abort();
    await Promise.all([before, expect(get()).rejects.toMatchObject({ name: 'HostUnavailable' })]);
    silent.closeAllConnections();
    silent.close();
  });
});
