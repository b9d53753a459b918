import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGitHubAccess } from '../../adapters/github/app.ts';
import { createGitHubCodeHost } from '../../adapters/github/code-host.ts';
import type { CodeHost, Credentials, MintedCredential } from '../../core/ports.ts';
import { type GitHubKit, startGitHub } from '../support/github/kit.ts';
import { change, sh } from './git-fixture.ts';

let github: GitHubKit;
let folder: string;
let host: CodeHost;
let base: string;
const remembered = new Map<string, MintedCredential>();
const credentials: Credentials = {
  remember: async (credential) => void remembered.set(credential.id, credential),
  of: async (owner) => [...remembered.values()].filter((credential) => credential.owner === owner),
  owners: async () => [...new Set([...remembered.values()].map(({ owner }) => owner))],
  forget: async (_owner, id) => void remembered.delete(id),
};

beforeAll(async () => {
  github = await startGitHub({ files: { 'src/a.txt': 'one\ntwo\nthree\n', 'src/b.txt': 'b\n' } });
  folder = mkdtempSync(join(tmpdir(), 'drydock-github-'));
  mkdirSync(folder, { recursive: true });
  const access = createGitHubAccess(github.config, {
    credentials,
    seal: (text) => `sealed ${text}`,
    open: (text) => text.slice(7),
    now: Date.now,
    sleep: async () => undefined,
  });
  host = createGitHubCodeHost({ access, dataDir: folder, scope: { repository: github.repository, run: 'r-1' } });
  base = await host.resolve(github.repository, 'main');
});
afterAll(async () => {
  await github.close();
  rmSync(folder, { recursive: true, force: true });
});

const message = (run: string): string => `T-1: x\n\nDrydock-Run: ${run}\n`;

describe('the github code host', () => {
  it('reads branch, tree, file and base', async () => {
    expect(base).toBe(await github.head('main'));
    const tree = await host.listTree(github.repository, base);
    expect([...tree.keys()].sort()).toEqual(['README.md', 'src/a.txt', 'src/b.txt']);
    expect(Buffer.from((await host.readFile(github.repository, base, 'src/b.txt')) ?? []).toString()).toBe('b\n');
    expect(await host.readFile(github.repository, base, 'nope')).toBeUndefined();
    const place = await host.exportBase(github.repository, base, 1);
    expect(sh(place, 'rev-list', '--all')).toBe(base);
    expect(sh(place, 'ls-tree', '-r', '--name-only', 'base').split('\n')).toEqual([
      'README.md',
      'src/a.txt',
      'src/b.txt',
    ]);
  });

  it('publishes one commit with the right tree, and doing it again changes nothing', async () => {
    const request = {
      repository: github.repository,
      branch: 'agent/t-1',
      change: change(base, [
        ['src/a.txt', 'ONE\n'],
        ['src/b.txt', null],
        ['bin.dat', Buffer.from([0, 255, 1])],
      ]),
      message: message('r-1'),
      at: 0,
    };
    const { commit } = await host.publish(request);
    expect(await host.publish(request)).toEqual({ commit });
    expect([...(await host.listTree(github.repository, commit)).keys()].sort()).toEqual([
      'README.md',
      'bin.dat',
      'src/a.txt',
    ]);
    await expect(host.publish({ ...request, message: message('r-2') })).rejects.toMatchObject({ name: 'BranchTaken' });
    const diff = await host.diff(github.repository, base, commit, 10_000);
    expect(diff.text).toContain('+ONE');
    const pull = {
      repository: github.repository,
      branch: 'agent/t-1',
      target: 'main',
      base,
      head: commit,
      title: 'T-1',
      body: 'body',
      labels: ['drydock'],
      reviewers: { logins: ['lead-gh', 'outsider-gh', 'nobody-at-all'], teams: [] },
    };
    const opened = await host.openPullRequest(pull);
    expect(opened).toMatchObject({ draft: true });
    expect(await host.openPullRequest(pull)).toEqual(opened);
    expect(await host.readPullRequest(github.repository, 'agent/t-1')).toMatchObject({
      title: 'T-1',
      labels: ['drydock'],
    });
    await host.markReady(github.repository, opened);
    expect((await github.pull(Number(opened.id))).draft).toBe(false);
  });

  it('gives every credential back', async () => {
    await host.release();
    expect(github.minted().length).toBeGreaterThan(2);
    expect(github.revoked().sort()).toEqual(github.minted().sort());
    expect(remembered.size).toBe(0);
  });
});
