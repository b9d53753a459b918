import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { CodeHost, PullRequestRef } from '../../../core/ports/host/code-host.ts';
import { gitHubHosts, memoryCredentials } from '../../machine/contract/code-host-fixtures.ts';
import { change, type Edit, removeTempFolders, tempFolder } from '../../machine/contract/git-fixture.ts';
import { type Fault, type GitHubKit, startGitHub } from '../../support/github/kit.ts';

let github: GitHubKit;
let folder: string;
let base: string;
let runs = 0;
const credentials = memoryCredentials();

beforeAll(async () => {
  github = await startGitHub({ files: { 'src/a.txt': 'one\n', 'src/b.txt': 'b\n', 'run.sh': '#!/bin/sh\n' } });
  folder = tempFolder();
  base = await github.head('main');
});
afterAll(async () => {
  await github.close();
  removeTempFolders();
});

/** Of a process of its own: nothing is cached. */
const hostOf = (run: string): CodeHost => gitHubHosts(github, folder, credentials).host(run);

interface Outcome {
  name?: string;
  commit?: string;
  pullRequest?: PullRequestRef;
}

/** As the machine does it: what may succeed later is tried again, a few times; each try is a process of its own. */
async function deliver(run: string, branch: string, edits: Edit[], previous?: string): Promise<Outcome> {
  const outcome: Outcome = {};
  for (let attempt = 0; attempt < 6; attempt++) {
    const host = hostOf(run);
    try {
      const { commit } = await host.publish({
        repository: github.repository,
        branch,
        change: change(base, edits),
        message: `T: ${run}\n\nDrydock-Run: ${run}\n`,
        at: 0,
        ...defined({ previous }),
      });
      outcome.commit = commit;
      outcome.pullRequest = await host.openPullRequest({
        repository: github.repository,
        branch,
        target: 'main',
        base,
        head: commit,
        title: run,
        body: `${run} after ${previous}`,
        labels: ['drydock'],
        reviewers: { logins: ['lead-gh'], teams: [] },
      });
      return outcome;
    } catch (error) {
      if (!(error instanceof DrydockError)) throw error;
      outcome.name = error.name;
      if (error.retry !== 'transient') return outcome;
    }
  }
  return outcome;
}

const kinds: Record<string, Fault['do']> = {
  'a 502 before': { status: 502, message: 'Bad Gateway' },
  'a connection cut after it was done': 'after',
  'a branch that exists already': { status: 422, message: 'Reference already exists' },
  'the secondary limit': {
    status: 403,
    message: 'You have exceeded a secondary rate limit.',
    headers: { 'retry-after': '1' },
  },
  'a token that expired': { status: 401, message: 'Bad credentials' },
};
/** A token that is refused when it is revoked is dead, and is not asked about again: there it would be true. */
const canBe =
  (kind: string): Fault['match'] =>
  ({ path }) =>
    kind !== 'a token that expired' || path !== '/installation/token';
const edits: Edit[] = [
  ['src/a.txt', 'ONE\n'],
  ['src/b.txt', null],
  ['logo.png', Buffer.from([0x89, 0x50, 0, 0xff])],
];

describe('R11 R12 publishing while GitHub fails', () => {
  it('is finished once or fails by name, wherever one or two calls go wrong', { timeout: 240_000 }, async () => {
    const before = github.calls.length;
    await deliver(`r-${++runs}`, `agent/t-${runs}`, edits);
    await hostOf(`r-${runs}`).release();
    const most = github.calls.length - before;
    expect(most).toBeGreaterThan(10);
    const names = new Set<string>();
    const fault = fc.tuple(fc.nat(most), fc.constantFrom(...Object.keys(kinds)));
    const faults = fc.array(fault, { minLength: 1, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(faults, fc.boolean(), async (planned, isSecond) => {
        const [run, branch] = [`r-${++runs}`, `agent/t-${runs}`];
        const previous = isSecond ? (await deliver(run, branch, [['src/a.txt', 'draft\n']])).commit : undefined;
        for (const [skip, kind] of planned)
          github.faults.push({ match: canBe(kind), skip, do: kinds[kind] as Fault['do'] });
        const outcome = await deliver(run, branch, edits, previous);
        github.faults.length = 0;
        names.add(outcome.name ?? 'finished');
        const head = await github.head(branch).catch(() => undefined);
        const pulls = (await github.pulls()).filter((pull) => pull.head.ref === branch);
        if (outcome.pullRequest) {
          expect(pulls.map(({ number }) => String(number))).toEqual([outcome.pullRequest.id]);
          expect(head).toBe(outcome.commit);
        } else expect(outcome.name).toBeDefined();
        if (head === previous) {
          // Nothing that anybody sees is left of a round that failed.
          expect([outcome.pullRequest, pulls.length]).toEqual([undefined, isSecond ? 1 : 0]);
        } else {
          // The branch has the whole change in one commit more.
          expect(await github.parents(head ?? '')).toEqual([previous ?? base]);
          const tree = await hostOf(run).listTree(github.repository, head ?? '');
          expect([...tree.keys()].sort()).toEqual(['README.md', 'logo.png', 'run.sh', 'src/a.txt']);
          expect(await github.file(head ?? '', 'src/a.txt')).toBe('ONE\n');
          // Whoever tries again finishes it, with the same commit.
          expect(await deliver(run, branch, edits, previous)).toMatchObject({ commit: head });
          expect((await github.pulls()).filter((pull) => pull.head.ref === branch)).toHaveLength(1);
        }
        await hostOf(run).release();
        expect(credentials.all.size).toBe(0);
        expect(github.revoked().sort()).toEqual(github.minted().sort());
      }),
      { numRuns: 60 },
    );
    expect(names).toContain('finished');
  });

  it('R25 a commit of somebody else on the branch is never moved away', async () => {
    const branch = `agent/t-${++runs}`;
    const foreign = await github.push({ 'theirs.txt': 'x' }, { branch, by: 'dev-gh', withhold: true });
    expect(await deliver(`r-${runs}`, branch, edits)).toEqual({ name: 'BranchTaken' });
    expect(await github.head(branch)).toBe(foreign);
  });

  it('400 files with binaries, deletions, renames and modes are one commit, in as many calls as 40', async () => {
    const binary = (i: number): Edit => [`bin/${i}.dat`, Buffer.from([0, 255, i])];
    const count = async (texts: number): Promise<number> => {
      const [run, branch] = [`r-${++runs}`, `agent/t-${runs}`];
      const many = Array.from({ length: texts }, (_, i): Edit => [`many/${i}.txt`, `${i}\n`]);
      const host = hostOf(run);
      const before = github.calls.length;
      const set = change(base, [
        ...many,
        binary(1),
        binary(2),
        ['src/b.txt', null],
        ['src/renamed.txt', 'b\n'],
        ['run.sh', '#!/bin/sh\nls\n'],
      ]);
      for (const entry of set.manifest.entries)
        if (entry.op === 'put' && entry.path === 'run.sh') entry.mode = '100755';
      const { commit } = await host.publish({
        repository: github.repository,
        branch,
        change: set,
        message: `T\n\nDrydock-Run: ${run}\n`,
        at: 0,
      });
      const calls = github.calls.length - before;
      expect(await github.parents(commit)).toEqual([base]);
      const tree = await host.listTree(github.repository, commit);
      for (const entry of set.manifest.entries) {
        const found = tree.get(entry.path);
        expect(found && [found.mode, found.blobSha]).toEqual(
          entry.op === 'put' ? [entry.mode, entry.blobSha] : undefined,
        );
      }
      expect(tree.size).toBe(texts + 6);
      return calls;
    };
    const few = await count(40);
    expect(await count(400)).toBe(few);
    // Mint, look the installation up where it is not given, read base and head, two blobs, tree, tree again, commit, ref, revoke.
    expect(few).toBeLessThanOrEqual(12);
  });
});
