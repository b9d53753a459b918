/** What only the `git` code host has: a repository of somebody's, whose work tree, hooks and configuration stay theirs. */
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createGitCodeHost } from '../../../adapters/git/code-host.ts';
import { defined } from '../../../core/defined.ts';
import { change, type Edit, lines, rebased, removeTempFolders, sh, tempFolder } from './git-fixture.ts';

afterAll(removeTempFolders);

let repository: string;
let base: string;
let host: ReturnType<typeof createGitCodeHost>;

function commitAll(message: string, at = repository): string {
  sh(at, 'add', '-A');
  sh(at, 'commit', '-qm', message);
  return sh(at, 'rev-parse', 'HEAD');
}
const write = (path: string, content: string, at = repository) => {
  mkdirSync(join(at, path, '..'), { recursive: true });
  writeFileSync(join(at, path), content);
};

beforeEach(() => {
  repository = join(tempFolder(), 'a repo #1 %41');
  mkdirSync(repository);
  sh(repository, 'init', '-q', '-b', 'main');
  write('src/a.txt', lines(1, 2, 3, 4, 5));
  write('src/b.txt', 'b\n');
  write('run.sh', '#!/bin/sh\n');
  chmodSync(join(repository, 'run.sh'), 0o755);
  symlinkSync('src/a.txt', join(repository, 'link'));
  base = commitAll('first');
  host = createGitCodeHost(tempFolder());
});

const publish = (edits: Edit[], more: { previous?: string; base?: string; branch?: string; message?: string } = {}) =>
  host
    .publish({
      repository,
      branch: more.branch ?? 'agent/t-1',
      change: change(more.base ?? base, edits),
      message: more.message ?? 'T-1: x\n\nDrydock-Run: r-1\n',
      at: 1_700_000_000_000,
      ...defined({ previous: more.previous }),
    })
    .then(({ commit }) => commit);

describe('resolve', () => {
  it('finds a branch in a work tree, a bare repository and a shallow one', async () => {
    const bare = join(tempFolder(), 'b.git');
    sh(repository, 'clone', '-q', '--bare', repository, bare);
    const shallow = join(tempFolder(), 's');
    sh(repository, 'clone', '-q', '--depth=1', `file://${bare}`, shallow);
    for (const place of [repository, bare, shallow]) expect(await host.resolve(place, 'main')).toBe(base);
  });

  it('notices when a repository that it found is gone', async () => {
    expect(await host.resolve(repository, 'main')).toBe(base);
    rmSync(join(repository, '.git'), { recursive: true });
    await expect(host.resolve(repository, 'main')).rejects.toMatchObject({ name: 'UnknownRepository' });
  });

  it.each([
    'nope',
    '',
    'main~0',
    'main^{tree}',
    'main@{0}',
    '../tags/v1',
    '--all',
    'ma*',
    'feature',
    'main\0',
    'ma\nin',
  ])('refuses %j, which is no branch', async (branch) => {
    sh(repository, 'tag', 'v1');
    sh(repository, 'branch', 'feature/x');
    await expect(host.resolve(repository, branch)).rejects.toMatchObject({ name: 'PolicyRefused' });
  });
});

describe('exportBase', () => {
  const objectsOf = (place: string) =>
    sh(place, 'cat-file', '--batch-all-objects', '--batch-check=%(objectname)').split('\n');

  it('holds the commit and its allowed history and nothing else (R16)', async () => {
    write('secret.txt', 'deleted branch\n');
    sh(repository, 'checkout', '-qb', 'gone');
    const gone = commitAll('on a branch that is deleted');
    sh(repository, 'checkout', '-q', 'main');
    sh(repository, 'branch', '-qD', 'gone');
    write('src/b.txt', 'stashed\n');
    sh(repository, 'stash', '-q');
    const stash = sh(repository, 'rev-parse', 'refs/stash');
    sh(repository, 'checkout', '-qb', 'other');
    write('private.txt', 'x\n');
    const other = commitAll('on another branch');
    sh(repository, 'tag', 'v1', other);
    sh(repository, 'checkout', '-q', 'main');
    write('src/b.txt', 'second\n');
    const second = commitAll('second');
    write('src/b.txt', 'third\n');
    const third = commitAll('third');

    const place = await host.exportBase(repository, third, 2);
    const held = objectsOf(place);
    for (const hidden of [base, gone, stash, other, sh(repository, 'rev-parse', `${base}:src/b.txt`)]) {
      expect(held).not.toContain(hidden);
    }
    expect(sh(place, 'rev-list', '--all').split('\n')).toEqual([third, second]);
    expect(sh(place, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/base');
    expect(readFileSync(join(place, 'config'), 'utf8')).not.toContain(repository);
    expect(readdirSync(place)).not.toContain('FETCH_HEAD');
  });

  it('holds the tags of its history, and no others', async () => {
    const tag = (name: string, commit: string) => {
      sh(repository, 'tag', name, commit);
      sh(repository, 'tag', '-a', '-m', 'annotated', `${name}-annotated`, commit);
    };
    tag('v1', base);
    write('src/b.txt', 'second\n');
    const second = commitAll('second');
    tag('v2', second);
    write('src/b.txt', 'third\n');
    const third = commitAll('third');
    sh(repository, 'checkout', '-q', '--detach', base);
    write('private.txt', 'x\n');
    tag('elsewhere', commitAll('on no branch'));
    const place = await host.exportBase(repository, third, 2);
    const refs = sh(place, 'for-each-ref', '--format=%(refname)').split('\n');
    expect(refs).toEqual(['refs/heads/base', 'refs/tags/v2', 'refs/tags/v2-annotated']);
    expect(sh(place, 'rev-list', '--all').split('\n')).toEqual([third, second]);
    expect(sh(place, 'describe', '--tags', third)).toMatch(/^v2-annotated-1-g/);
  });

  it('serves the commits of submodules beside the base, and not without them', async () => {
    const library = join(tempFolder(), 'lib');
    sh(repository, 'init', '-q', '-b', 'main', library);
    sh(library, 'commit', '-q', '--allow-empty', '-m', 'first');
    sh(library, 'commit', '-q', '--allow-empty', '-m', 'second');
    const pinned = sh(library, 'rev-parse', 'HEAD');
    const path = await host.exportBase(library, pinned, 1);
    const place = await host.exportBase(repository, base, 5, [{ commit: pinned, path }]);
    const clone = join(tempFolder(), 'clone');
    sh(repository, 'init', '-q', '--bare', clone);
    sh(clone, 'fetch', '-q', '--update-shallow', pathToFileURL(place).href, '+refs/*:refs/*');
    expect(sh(clone, 'for-each-ref', '--format=%(objectname) %(refname)').split('\n')).toEqual([
      `${base} refs/heads/base`,
      `${pinned} refs/submodules/${pinned}`,
    ]);
    expect(sh(clone, 'rev-list', '--count', pinned)).toBe('1');
    const without = await host.exportBase(repository, base, 5);
    expect(sh(without, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/base');
  });

  it('says that a partial clone lacks objects, and how to get them', async () => {
    const partial = join(tempFolder(), 'partial');
    sh(repository, 'config', 'uploadpack.allowFilter', 'true');
    sh(repository, 'clone', '-q', '--filter=blob:none', '--no-checkout', pathToFileURL(repository).href, partial);
    for (const call of [() => host.exportBase(partial, base, 1), () => host.readFile(partial, base, 'src/b.txt')])
      await expect(call()).rejects.toMatchObject({
        name: 'RepositoryIncomplete',
        message: expect.stringContaining('fetch --refetch --no-filter'),
      });
  });

  it('works from bare and shallow sources', async () => {
    write('src/b.txt', 'second\n');
    const second = commitAll('second');
    const bare = join(tempFolder(), 'b.git');
    sh(repository, 'clone', '-q', '--bare', repository, bare);
    const shallow = join(tempFolder(), 's');
    sh(repository, 'clone', '-q', '--depth=1', `file://${bare}`, shallow);
    expect(sh(await host.exportBase(bare, second, 2), 'rev-list', '--count', '--all')).toBe('2');
    expect(sh(await host.exportBase(shallow, second, 50), 'rev-list', '--count', '--all')).toBe('1');
  });
});

describe('listTree and readFile', () => {
  it('fails rather than passing a damaged file for a missing one', async () => {
    const blob = sh(repository, 'rev-parse', `${base}:src/b.txt`);
    const file = join(repository, '.git', 'objects', blob.slice(0, 2), blob.slice(2));
    chmodSync(file, 0o644);
    writeFileSync(file, 'damaged');
    await expect(host.readFile(repository, base, 'src/b.txt')).rejects.toMatchObject({ name: 'Internal' });
  });

  it('asks again after a failure', async () => {
    const later = sh(repository, 'commit-tree', `${base}^{tree}`, '-p', base, '-m', 'x');
    const file = join(repository, '.git', 'objects', later.slice(0, 2), later.slice(2));
    const bytes = readFileSync(file);
    chmodSync(file, 0o644);
    writeFileSync(file, '');
    await expect(host.listTree(repository, later)).rejects.toBeDefined();
    writeFileSync(file, bytes);
    expect((await host.listTree(repository, later)).size).toBe(4);
  });
});

describe('publish', () => {
  it('gives the same commit for the same request and moves nothing (R11)', async () => {
    const edits: Edit[] = [['c.txt', 'c\n']];
    const first = await publish(edits);
    expect(await publish(edits)).toBe(first);
    expect(sh(repository, 'reflog', 'show', '--format=%H', 'agent/t-1')).toBe(first);
  });

  it('is taken where the name of a branch is a folder of it', async () => {
    await expect(publish([['c.txt', 'c\n']], { branch: 'main/x' })).rejects.toMatchObject({ name: 'BranchTaken' });
  });

  it('leaves work tree, index, HEAD, other reflogs and configuration as they were, and runs no hook', async () => {
    write('src/b.txt', 'not committed\n');
    write('untracked.txt', 'x\n');
    sh(repository, 'add', 'src/b.txt');
    sh(repository, 'config', 'core.splitIndex', 'true');
    sh(repository, 'config', 'commit.gpgSign', 'true');
    const fired = join(repository, '..', 'fired');
    for (const hook of ['reference-transaction', 'pre-commit', 'post-commit', 'post-index-change', 'pre-auto-gc']) {
      writeFileSync(join(repository, '.git', 'hooks', hook), `#!/bin/sh\ntouch "${fired}"\n`, { mode: 0o755 });
    }
    const look = () => ({
      index: readFileSync(join(repository, '.git', 'index')).toString('hex'),
      head: readFileSync(join(repository, '.git', 'HEAD'), 'utf8'),
      log: readFileSync(join(repository, '.git', 'logs', 'HEAD'), 'utf8'),
      main: readFileSync(join(repository, '.git', 'logs', 'refs', 'heads', 'main'), 'utf8'),
      config: readFileSync(join(repository, '.git', 'config'), 'utf8'),
      names: readdirSync(join(repository, '.git')).sort(),
      files: readdirSync(repository).sort(),
      b: readFileSync(join(repository, 'src', 'b.txt'), 'utf8'),
    });
    const before = look();
    const indexTime = statSync(join(repository, '.git', 'index')).mtimeMs;
    const first = await publish([['src/b.txt', 'agent\n']]);
    await host.rebase(repository, change(base, [['src/b.txt', 'agent\n']]), base);
    await host.exportBase(repository, first, 1);
    expect(look()).toEqual(before);
    expect(statSync(join(repository, '.git', 'index')).mtimeMs).toBe(indexTime);
    expect(existsSync(fired)).toBe(false);
  });

  it('names the commit by the bot, whoever runs it, and keeps the message as it is', async () => {
    const message = 'T-1: # not a comment\n\nDrydock-Run: r-1\nDrydock-Task: T-1\n';
    const commit = await publish([['c', 'c']], { message });
    expect(sh(repository, 'show', '-s', '--format=%an <%ae> %cn %at %ct', commit)).toBe(
      'Drydock <drydock@localhost> Drydock 1700000000 1700000000',
    );
    expect(sh(repository, 'cat-file', 'commit', commit).split('\n\n').slice(1).join('\n\n')).toBe(message.trimEnd());
  });
});

describe('rebase', () => {
  const rebase = (edits: Edit[], onto: string, from = base) => rebased(host, repository, change(from, edits), onto);

  it('leaves no object behind', async () => {
    write('src/a.txt', lines(0, 1, 2, 3, 4, 5));
    const onto = commitAll('moved');
    const before = sh(repository, 'count-objects', '-v');
    const merged = await rebase([['src/a.txt', lines(1, 2, 3, 4, 5, 6)]], onto);
    expect(merged).toMatchObject({ base: onto, conflicts: [], ops: ['put src/a.txt'] });
    expect(merged.text('src/a.txt')).toBe(lines(0, 1, 2, 3, 4, 5, 6));
    expect(sh(repository, 'count-objects', '-v')).toBe(before);
  });

  it('runs no merge driver of the repository', async () => {
    const fired = join(repository, '..', 'fired');
    sh(repository, 'config', 'merge.evil.driver', `touch "${fired}"`);
    write('.gitattributes', '* merge=evil\n');
    const from = commitAll('attributes');
    write('src/a.txt', lines(0, 1, 2, 3, 4, 5));
    await rebase([['src/a.txt', lines(1, 2, 3, 4, 5, 6)]], commitAll('moved'), from);
    expect(existsSync(fired)).toBe(false);
  });

  it('works in a bare and in a shallow repository', async () => {
    write('src/b.txt', 'moved\n');
    const onto = commitAll('moved');
    const bare = join(tempFolder(), 'b.git');
    sh(repository, 'clone', '-q', '--bare', repository, bare);
    const shallow = join(tempFolder(), 's');
    sh(repository, 'clone', '-q', '--depth=2', `file://${bare}`, shallow);
    for (const place of [bare, shallow]) {
      const merged = await host.rebase(place, change(base, [['c.txt', 'c\n']]), onto);
      expect(merged.change.manifest.entries.map(({ path }) => path)).toEqual(['c.txt']);
    }
  });
});

describe('diff', () => {
  const diff = (commit: string, max = 10_000) => host.diff(repository, base, commit, max);

  it('is the plain unified diff, whatever the repository would like', async () => {
    const commit = await publish([['src/b.txt', 'B\n']]);
    const plain = await diff(commit);
    sh(repository, 'config', 'diff.noprefix', 'true');
    sh(repository, 'config', 'diff.context', '0');
    sh(repository, 'config', 'diff.orderFile', '/nonexistent');
    expect(await diff(commit)).toEqual(plain);
    expect(plain).toEqual({
      text: `diff --git a/src/b.txt b/src/b.txt\nindex ${sh(repository, 'rev-parse', '--short', `${base}:src/b.txt`)}..${sh(repository, 'rev-parse', '--short', `${commit}:src/b.txt`)} 100644\n--- a/src/b.txt\n+++ b/src/b.txt\n@@ -1 +1 @@\n-b\n+B\n`,
      truncated: false,
    });
  });

  it('runs no diff program or text conversion', async () => {
    const fired = join(repository, '..', 'fired');
    sh(repository, 'config', 'diff.external', `touch "${fired}"; :`);
    sh(repository, 'config', 'diff.evil.textconv', `touch "${fired}"; cat`);
    appendFileSync(join(repository, '.git', 'info', 'attributes'), '* diff=evil\n');
    expect((await diff(await publish([['src/b.txt', 'B\n']]))).text).toContain('+B');
    await host.blame(repository, 'src/b.txt', 1);
    expect(existsSync(fired)).toBe(false);
  });
});

describe('blame', () => {
  it('leads from a line to its commit and trailers (R6)', async () => {
    const commit = await publish([['src/b.txt', 'b\nnew\n']], {
      message: 'T-1: x\n\nDrydock-Run: r-1\nDrydock-Spec: a: b@c\n',
    });
    sh(repository, 'merge', '-q', '--ff-only', 'agent/t-1');
    sh(repository, 'config', 'log.showSignature', 'true');
    expect(await host.blame(repository, 'src/b.txt', 2)).toEqual({
      commit,
      text: 'new',
      trailers: [['Drydock-Run', 'r-1'], ['Drydock-Spec', 'a: b@c']], // biome-ignore format: one line
    });
    expect(await host.blame(repository, 'src/b.txt', 1)).toEqual({ commit: base, text: 'b', trailers: [] });
    await expect(host.blame(repository, 'b.txt', 1)).rejects.toMatchObject({
      name: 'FileUnreadable',
      remedy: expect.stringContaining('path from the root of the repository'),
    });
  });
});

describe('pull requests', () => {
  const request = (branch: string, title = 'T') => ({
    repository,
    branch,
    target: 'main',
    base,
    head: base,
    title,
    body: 'b',
    labels: ['drydock'],
    reviewers: { logins: [], teams: [] },
  });

  /** The record that is beside the page which the URL opens. */
  const recordOf = (url: string, branch: string): URL =>
    new URL(encodeURIComponent(`${encodeURIComponent(branch)}.json`), url);

  it('keep their id when they are brought up to date (R11)', async () => {
    const first = await host.openPullRequest(request('agent/a'));
    const again = await host.openPullRequest(request('agent/a', 'U'));
    expect(again).toEqual(first);
    expect(first).toMatchObject({ id: '1', draft: true });
    expect(await host.readPullRequest(repository, 'agent/a')).toMatchObject({ title: 'U', ...first });
    expect(readFileSync(new URL(first.url), 'utf8')).toMatch(/^# U\n/);
    expect(JSON.parse(readFileSync(recordOf(first.url, 'agent/a'), 'utf8'))).toMatchObject({ title: 'U' });
    expect(await host.readPullRequest(repository, 'agent/b')).toBeUndefined();
  });

  it('are marked ready once and stay so', async () => {
    sh(repository, 'branch', 'agent/a', base);
    const first = { ...(await host.openPullRequest(request('agent/a'))), branch: 'agent/a', head: base };
    const other = await host.openPullRequest(request('agent/ö %2F'));
    await Promise.all([host.markReady(repository, first), host.markReady(repository, first)]);
    const written = statSync(new URL(first.url)).ino;
    await host.markReady(repository, first);
    expect(statSync(new URL(first.url)).ino).toBe(written);
    expect((await host.openPullRequest(request('agent/a'))).draft).toBe(false);
    expect((await host.readPullRequest(repository, 'agent/ö %2F'))?.draft).toBe(true);
    expect(existsSync(new URL(other.url))).toBe(true);
  });

  it('are never overwritten when their file cannot be read', async () => {
    const { url } = await host.openPullRequest(request('agent/a'));
    const file = recordOf(url, 'agent/a');
    writeFileSync(file, '{');
    await expect(host.openPullRequest(request('agent/a'))).rejects.toThrow();
    expect(readFileSync(file, 'utf8')).toBe('{');
  });
});

it('works with a copy of the repository that is a linked work tree', async () => {
  const linked = join(tempFolder(), 'linked');
  sh(repository, 'worktree', 'add', '-q', '-b', 'side', linked);
  expect(await host.resolve(linked, 'main')).toBe(base);
  const merged = await host.rebase(linked, change(base, [['c.txt', 'c\n']]), base);
  expect(merged.change.manifest.entries.map(({ path }) => path)).toEqual(['c.txt']);
  cpSync(await host.exportBase(linked, base, 1), join(tempFolder(), 'copy'), { recursive: true });
});
