/**
 * What every code host does: plain git, and GitHub by its API (the emulator behind test/support/github). What only one of
 * them has is tested in code-host-git.test.ts and github*.test.ts.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defined } from '../../../core/defined.ts';
import type { CodeHost } from '../../../core/ports/host/code-host.ts';
import { blobsByPath } from '../../../core/run/change-set.ts';
import { mergeRows } from '../../github/contract/merge-rows.ts';
import { firstFiles, gitFixture, type HostFixture, oddNames, startGitHubFixtures } from './code-host-fixtures.ts';
import { change, type Edit, lines, rebased, removeTempFolders, sh } from './git-fixture.ts';

interface Adapter {
  fixture(): Promise<HostFixture>;
  close(): Promise<void>;
}
const adapters: [string, () => Promise<Adapter>][] = [
  ['git', async () => ({ fixture: gitFixture, close: async () => undefined })],
  ['github', startGitHubFixtures],
];
afterAll(removeTempFolders);

describe.each(adapters)('the %s code host', (_, start) => {
  let adapter: Adapter;
  let place: HostFixture;
  let host: CodeHost;
  let repository: string;
  let base: string;
  let branch: string;

  beforeAll(async () => {
    adapter = await start();
  });
  afterAll(() => adapter.close());
  beforeEach(async () => {
    place = await adapter.fixture();
    ({ host, repository, base } = place);
    branch = `${place.prefix}t-1`;
  });

  const firstPaths = firstFiles.map(([path]) => path).sort();
  const message = (run = 'r-1'): string => `T-1: x\n\nDrydock-Run: ${run}\n`;
  const publish = (edits: Edit[], more: { previous?: string; base?: string; branch?: string; message?: string } = {}) =>
    host
      .publish({
        repository,
        branch: more.branch ?? branch,
        change: change(more.base ?? base, edits),
        message: more.message ?? message(),
        at: 1_700_000_000_000,
        ...defined({ previous: more.previous }),
      })
      .then(({ commit }) => commit);
  const pathsAt = async (commit: string): Promise<string[]> =>
    [...(await host.listTree(repository, commit)).keys()].sort();
  const textAt = async (commit: string, path: string): Promise<string | undefined> => {
    const bytes = await host.readFile(repository, commit, path);
    return bytes && Buffer.from(bytes).toString();
  };
  /** The history of a commit, in a clone. */
  const history = async (commit: string): Promise<string[]> =>
    sh(await host.exportBase(repository, commit, 50), 'log', '--topo-order', '--format=%H %P', commit).split('\n');

  describe('resolve', () => {
    it('finds a branch', async () => {
      expect(await host.resolve(repository, place.main)).toBe(base);
      await place.point(`${place.prefix}feature/x`, base);
      expect(await host.resolve(repository, `${place.prefix}feature/x`)).toBe(base);
    });

    it.each([
      'nope',
      '',
      '~0',
      '^{tree}',
      '@{0}',
      '--all',
      '*',
      '/../main',
      '\0',
      '\n',
      '/',
    ])('refuses main%j, which is no branch', async (name) => {
      const asked = name === '' || name === '--all' ? name : `${place.main}${name}`;
      await expect(host.resolve(repository, asked)).rejects.toMatchObject({ name: 'PolicyRefused' });
    });

    it('refuses what begins like a branch and is none', async () => {
      await place.point(`${place.prefix}feature/x`, base);
      await expect(host.resolve(repository, `${place.prefix}feature`)).rejects.toMatchObject({ name: 'PolicyRefused' });
    });

    it('refuses what is not a repository', async () => {
      for (const { host, repository } of place.nowhere()) {
        await expect(host.resolve(repository, 'main')).rejects.toMatchObject({ name: 'UnknownRepository' });
      }
    });
  });

  describe('exportBase', () => {
    it('holds the commit and its allowed history and nothing else (R16)', async () => {
      const private_ = await place.commit([['private.txt', 'x\n']], `${place.prefix}other`);
      const second = await place.commit([['src/b.txt', 'second\n']]);
      const third = await place.commit([['src/b.txt', 'third\n']]);
      const folder = await host.exportBase(repository, third, 2);
      const held = sh(folder, 'cat-file', '--batch-all-objects', '--batch-check=%(objectname)').split('\n');
      const old = (await host.listTree(repository, base)).get('src/b.txt')?.blobSha;
      for (const hidden of [base, private_, old]) expect(held).not.toContain(hidden);
      expect(sh(folder, 'rev-list', '--all').split('\n')).toEqual([third, second]);
      expect(sh(folder, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/base');
      expect(readdirSync(folder)).not.toContain('FETCH_HEAD');
      expect(sh(folder, 'config', '--list')).not.toMatch(/url|extraheader/i);
    });

    it('takes a commit that is no branch head any more, and each depth by itself', async () => {
      const second = await place.commit([['src/b.txt', 'second\n']]);
      await place.commit([['src/b.txt', 'third\n']]);
      expect(sh(await host.exportBase(repository, second, 1), 'rev-list', '--all')).toBe(second);
      expect(sh(await host.exportBase(repository, second, 2), 'rev-list', '--all')).toBe(`${second}\n${base}`);
      expect(sh(await host.exportBase(repository, base, 5), 'rev-list', '--all')).toBe(base);
    });

    it('is made once, also by several at the same time', async () => {
      const folders = await Promise.all([1, 2, 3, 4].map(() => host.exportBase(repository, base, 3)));
      expect(new Set(folders).size).toBe(1);
      expect(readdirSync(join(folders[0] ?? '', '..'))).toHaveLength(1);
    });

    it('leaves nothing half-made behind when it fails', async () => {
      await expect(host.exportBase(repository, 'f'.repeat(40), 1)).rejects.toHaveProperty('remedy');
      expect(readdirSync(join(place.dataDir, 'bases'))).toEqual([]);
    });
  });

  describe('listTree and readFile', () => {
    it('know odd names, modes and contents as they are', async () => {
      const commit = await place.commit(oddNames.map((name) => [name, `content of ${name}\n`]));
      const tree = await host.listTree(repository, commit);
      expect([...tree.keys()].sort()).toEqual([...firstPaths, ...oddNames].sort());
      expect([tree.get('run.sh')?.mode, tree.get('link')?.mode]).toEqual(['100755', '120000']);
      for (const name of oddNames) expect(await textAt(commit, name)).toBe(`content of ${name}\n`);
    });

    it('reads nothing where there is no file, and follows no link', async () => {
      for (const path of ['nope', 'src', '../x', './run.sh', '/run.sh', '', 'link/x'])
        expect(await host.readFile(repository, base, path)).toBeUndefined();
      expect(await textAt(base, 'link')).toBe('src/a.txt');
    });
  });

  describe('publish', () => {
    it('writes modes, links, binaries, odd names and deletions as they are', async () => {
      const binary = new Uint8Array(Array.from({ length: 4096 }, (_, i) => i % 256));
      const commit = await publish([
        ['bin.dat', binary],
        ['nul.txt', 'text\0with a zero\n'],
        ['bom.txt', '\uFEFFmarked\r\n'],
        ['empty', ''],
        ['tool.sh', '#!/bin/sh\n', '100755'],
        ['run.sh', '#!/bin/sh\n', '100644'],
        ['l', 'src/a.txt', '120000'],
        ['src/b.txt', null],
        ...oddNames.map((name): Edit => [name, name]),
      ]);
      const tree = await host.listTree(repository, commit);
      const expected = ['bin.dat', 'nul.txt', 'bom.txt', 'empty', 'l', 'link', 'run.sh', 'src/a.txt', 'tool.sh'];
      expect([...tree.keys()].sort()).toEqual([...expected, ...oddNames].sort());
      expect(['tool.sh', 'run.sh', 'l'].map((path) => tree.get(path)?.mode)).toEqual(['100755', '100644', '120000']);
      expect(new Uint8Array((await host.readFile(repository, commit, 'bin.dat')) ?? [])).toEqual(binary);
      expect(await textAt(commit, 'nul.txt')).toBe('text\0with a zero\n');
      expect(await textAt(commit, 'bom.txt')).toBe('\uFEFFmarked\r\n');
      const clone = await host.exportBase(repository, commit, 2);
      expect(sh(clone, 'fsck', '--strict')).toBe('');
      expect(sh(clone, 'log', '--format=%H', 'base')).toBe(`${commit}\n${base}`);
      expect(await place.head(branch)).toBe(commit);
    });

    it('lets a file become a folder and a folder a file', async () => {
      const commit = await publish([
        ['src/a.txt', null],
        ['src/b.txt', null],
        ['src', 'a file\n'],
        ['run.sh/x', 'x\n'],
        ['run.sh', null],
      ]);
      expect(await pathsAt(commit)).toEqual(['link', 'run.sh/x', 'src']);
    });

    it('gives the same commit for the same request and moves nothing (R11)', async () => {
      const edits: Edit[] = [['c.txt', 'c\n']];
      const first = await publish(edits);
      expect(await publish(edits)).toBe(first);
      expect(await place.head(branch)).toBe(first);
    });

    it('puts a second round on top of the first, and again the same', async () => {
      const first = await publish([['c.txt', 'c\n']]);
      const second = await publish([['c.txt', 'd\n']], { previous: first });
      expect(await publish([['c.txt', 'd\n']], { previous: first })).toBe(second);
      expect(await history(second)).toEqual([`${second} ${first}`, `${first} ${base}`, `${base} `]);
      expect(await textAt(second, 'c.txt')).toBe('d\n');
    });

    it('merges the target in where it moved (R42)', async () => {
      const first = await publish([['c.txt', 'c\n']]);
      const target = await place.commit([['d.txt', 'd\n']]);
      const second = await publish([['c.txt', 'c\n']], { previous: first, base: target });
      expect(await publish([['c.txt', 'c\n']], { previous: first, base: target })).toBe(second);
      expect((await history(second))[0]).toBe(`${second} ${first} ${target}`);
      expect(await pathsAt(second)).toEqual([...firstPaths, 'c.txt', 'd.txt'].sort());
    });

    it('never touches a branch that holds something else (R25)', async () => {
      const refused = { name: 'BranchTaken' };
      await place.point(branch, base);
      await expect(publish([['c.txt', 'c\n']])).rejects.toMatchObject(refused);
      expect(await place.head(branch)).toBe(base);
      const other = `${place.prefix}t-2`;
      const mine = await publish([['c.txt', 'c\n']], { branch: other });
      const theirs = await place.commit([['c.txt', 'theirs\n']], other);
      await expect(publish([['c.txt', 'd\n']], { branch: other, previous: mine })).rejects.toMatchObject(refused);
      expect(await place.head(other)).toBe(theirs);
      await place.point(other, undefined);
      await expect(publish([['c.txt', 'd\n']], { branch: other, previous: mine })).rejects.toMatchObject(refused);
      expect(await place.head(other)).toBeUndefined();
    });

    it('is taken by another run, even one that made the same change', async () => {
      const first = await publish([['c.txt', 'c\n']]);
      for (const other of [message('r-2'), 'T-1: x\n', `T-1: x\n\nDrydock-Run: r-1\n\nDrydock-Run: r-2\n`]) {
        await expect(publish([['c.txt', 'c\n']], { message: other })).rejects.toMatchObject({ name: 'BranchTaken' });
      }
      expect(await place.head(branch)).toBe(first);
    });

    it.each([
      '../../HEAD',
      'a..b',
      'x.lock',
      '-x/../y',
      'a b',
      'main~1',
      'a//b',
      '/a',
      'a/',
      'x.',
      'a@{b',
      '.a',
    ])('refuses the branch name %j', async (name) => {
      await expect(publish([['c.txt', 'c\n']], { branch: name })).rejects.toMatchObject({ name: 'BranchTaken' });
    });

    it('keeps the message and its trailers', async () => {
      const text = 'T-1: # not a comment\n\nDrydock-Run: r-1\nDrydock-Task: T-1\n';
      const clone = await host.exportBase(repository, await publish([['c', 'c']], { message: text }), 1);
      expect(sh(clone, 'log', '-1', '--format=%B').trimEnd()).toBe(text.trimEnd());
      expect(sh(clone, 'log', '-1', '--format=%(trailers:key=Drydock-Task,valueonly)').trim()).toBe('T-1');
    });
  });

  describe('rebase', () => {
    const rebase = (edits: Edit[], onto: string, from = base) => rebased(host, repository, change(from, edits), onto);

    it('merges changes of different lines', async () => {
      const onto = await place.commit([['src/a.txt', lines(0, 1, 2, 3, 4, 5)]]);
      const merged = await rebase([['src/a.txt', lines(1, 2, 3, 4, 5, 6)]], onto);
      expect(merged).toMatchObject({ base: onto, conflicts: [], ops: ['put src/a.txt'] });
      expect(merged.text('src/a.txt')).toBe(lines(0, 1, 2, 3, 4, 5, 6));
    });

    it('marks conflicts in the files it names', async () => {
      const onto = await place.commit([['src/a.txt', lines(1, 2, 33, 4, 5)]]);
      const merged = await rebase([['src/a.txt', lines(1, 2, 333, 4, 5)]], onto);
      expect(merged.conflicts).toEqual(['src/a.txt']);
      expect(merged.text('src/a.txt')).toMatch(/^<{7} [\s\S]*line 33\n={7}\nline 333\n>{7} /m);
    });

    it('follows a rename of the target', async () => {
      const onto = await place.commit([
        ['src/a.txt', null],
        ['src/renamed.txt', lines(1, 2, 3, 4, 5)],
      ]);
      const merged = await rebase([['src/a.txt', lines(1, 2, 3, 4, 5, 6)]], onto);
      expect(merged).toMatchObject({ conflicts: [], ops: ['put src/renamed.txt'] });
      expect(merged.text('src/renamed.txt')).toBe(lines(1, 2, 3, 4, 5, 6));
    });

    it('names what one side deleted and the other changed', async () => {
      const onto = await place.commit([['src/a.txt', null]]);
      expect((await rebase([['src/a.txt', lines(1, 2)]], onto)).conflicts).toEqual(['src/a.txt']);
    });

    it('is empty where the target has the change already', async () => {
      const onto = await place.commit([['src/b.txt', 'same\n']]);
      expect((await rebase([['src/b.txt', 'same\n']], onto)).ops).toEqual([]);
    });

    it.each(mergeRows)('%s (R42)', async (_, row) => {
      const from = row.base ? await place.commit(row.base) : base;
      const onto = await place.commit(row.target);
      const { change: merged, conflicts } = await host.rebase(repository, change(from, row.change), onto);
      const plain = (path: string) => path.replace(/~.*/, '~');
      const mode = (known: string) => (known === '100644' ? '' : `${known} `);
      const ops = merged.manifest.entries.map((entry) => {
        const what = entry.op === 'put' ? `put ${mode(entry.mode)}` : 'delete ';
        return `${what}${plain(entry.path)}`;
      });
      expect(merged.manifest.base).toBe(onto);
      expect({ ops: ops.sort(), conflicts: conflicts.map(plain).sort() }).toEqual({
        ops: row.ops.toSorted(),
        conflicts: row.conflicts ?? [],
      });
      const blobs = blobsByPath(merged);
      for (const [path, text] of row.text ?? [])
        expect(
          Buffer.from(blobs.get(path) ?? [])
            .toString()
            .replace(/^([<>]{7,8}) .*$/gm, '$1'),
        ).toBe(text);
    });

    it('brings nothing back that a rewritten target took away', async () => {
      const leaked = await place.commit([['leaked.txt', 'x\n']]);
      await place.point(place.main, base);
      const onto = await place.commit([['other.txt', 'x\n']]);
      expect(await rebase([['c.txt', 'c\n']], onto, leaked)).toMatchObject({ conflicts: [], ops: ['put c.txt'] });
    });
  });

  describe('diff', () => {
    const diff = (commit: string, max = 10_000) => host.diff(repository, base, commit, max);

    it('is the plain unified diff', async () => {
      const commit = await publish([['src/b.txt', 'B\n']]);
      const short = async (at: string) => (await host.listTree(repository, at)).get('src/b.txt')?.blobSha.slice(0, 7);
      const index = `index ${await short(base)}..${await short(commit)} 100644`;
      const file = 'src/b.txt';
      expect(await diff(commit)).toEqual({
        text: `diff --git a/${file} b/${file}\n${index}\n--- a/${file}\n+++ b/${file}\n@@ -1 +1 @@\n-b\n+B\n`,
        truncated: false,
      });
    });

    it('is cut at whole lines', async () => {
      const commit = await publish([['src/b.txt', 'B\n']]);
      const { text } = await diff(commit);
      for (const max of [0, 1, 40, text.length - 1]) {
        const cut = await diff(commit, max);
        expect([cut.truncated, text.startsWith(cut.text), cut.text.length <= max]).toEqual([true, true, true]);
        expect(cut.text === '' || cut.text.endsWith('\n')).toBe(true);
      }
      expect((await diff(commit, text.length)).truncated).toBe(false);
    });

    it('applies as a patch, with modes, links, odd names, binaries aside (R20)', async () => {
      const text = Array.from({ length: 40 }, (_, i) => `${i % 9 === 0 ? `function f${i}() {` : `  line ${i}`}\n`);
      const from = await place.commit([
        ['code.js', text.join('')],
        ['no end', 'a\nb'],
        ['gets end', 'a\nb'],
        ['ends.txt', 'a\r\nb\n'],
        ['latin.txt', Buffer.from('caf\xe9\nx\n', 'latin1')],
        ...oddNames.map((name): Edit => [name, 'odd\n']),
      ]);
      const changed = text.with(2, '  changed\n').with(9, '  near\n').with(38, '  far\n').toSpliced(20, 3);
      const commit = await place.commit([
        ['code.js', changed.join('')],
        ['no end', 'a\nc'],
        ['gets end', 'a\nb\n'],
        ['ends.txt', 'a\nb\r\n'],
        ['latin.txt', Buffer.from('caf\xe9\ny\n', 'latin1')],
        ['run.sh', '#!/bin/sh\n', '100644'],
        ['link', 'file now\n'],
        ['src/b.txt', 'link now', '120000'],
        ['src/a.txt', null],
        ['empty', ''],
        ['new/tool.sh', '#!/bin/sh\n', '100755'],
        ...oddNames.map((name, i): Edit => [name, i % 2 ? null : 'ODD\n']),
      ]);
      const [clone, after] = [await host.exportBase(repository, from, 1), await host.exportBase(repository, commit, 1)];
      const { text: patch } = await host.diff(repository, from, commit, 100_000);
      const index = { GIT_INDEX_FILE: join(place.dataDir, 'index.patched') };
      sh({ cwd: clone, env: index }, 'read-tree', from);
      // What is no UTF-8 was replaced where text is shown.
      const input = Buffer.from(patch.replaceAll('caf\uFFFD', 'caf\xe9'), patch.includes('日') ? 'utf8' : 'latin1');
      sh({ cwd: clone, env: index, input }, 'apply', '--cached', '--whitespace=nowarn', '-');
      expect(sh({ cwd: clone, env: index }, 'write-tree')).toBe(sh(after, 'rev-parse', `${commit}^{tree}`));
      // And it is, to the letter, what git prints.
      const shape = ['-r', '-p', '--no-renames', '--no-color', '--unified=3', '--full-index'];
      const alternates = { GIT_ALTERNATE_OBJECT_DIRECTORIES: join(after, 'objects') };
      const printed = sh({ cwd: clone, env: alternates }, 'diff-tree', ...shape, from, commit);
      const shorter = printed.replace(/^index (.{7}).*\.\.(.{7})\S*/gm, 'index $1..$2');
      expect(patch).toBe(`${shorter}\n`);
    });

    it('says that binaries differ, and no more', async () => {
      const commit = await place.commit([['x y', new Uint8Array([1, 0, 2])]]);
      expect((await diff(commit)).text).toMatch(
        /^diff --git a\/x y b\/x y\nnew file mode 100644\nindex 0{7}\.\.\w{7}\nBinary files \/dev\/null and b\/x y differ\n$/,
      );
    });

    it('is empty between equal trees', async () => {
      expect(await diff(base)).toEqual({ text: '', truncated: false });
    });

    it('takes commit ids only', async () => {
      const folder = join(place.dataDir, 'written');
      for (const id of ['HEAD', `--output=${folder}`, place.main]) {
        await expect(diff(id)).rejects.toMatchObject({ name: 'Internal' });
      }
      expect(existsSync(folder)).toBe(false);
    });
  });

  describe('pull requests', () => {
    const request = async (name: string, title = 'T') => {
      const head = (await place.head(name)) ?? (await publish([['c.txt', 'c\n']], { branch: name }));
      return {
        repository,
        branch: name,
        target: place.main,
        base,
        head,
        title,
        body: 'b',
        labels: ['drydock'],
        reviewers: { logins: [], teams: [] },
      };
    };

    it('are drafts, and keep their id when they are brought up to date (R11)', async () => {
      const first = await host.openPullRequest(await request(branch));
      const again = await host.openPullRequest(await request(branch, 'U'));
      expect(again).toEqual(first);
      expect(first).toMatchObject({ draft: true });
      const seen = { ...first, title: 'U', body: 'b', branch, target: place.main, labels: ['drydock'] };
      expect(await host.readPullRequest(repository, branch)).toMatchObject(seen);
      expect(await host.readPullRequest(repository, `${place.prefix}b`)).toBeUndefined();
    });

    it('get distinct ids when many are opened at once, and one when the same is', async () => {
      const names = Array.from({ length: 5 }, (_, i) => `${place.prefix}${i}`);
      const asked = [];
      for (const name of names) asked.push(await request(name));
      const refs = await Promise.all([...asked, ...asked].map((each) => host.openPullRequest(each)));
      const ids = refs.map(({ id }) => id);
      expect(ids.slice(5)).toEqual(ids.slice(0, 5));
      expect(new Set(ids).size).toBe(5);
    });

    it('are marked ready once and stay so', async () => {
      const asked = await request(branch);
      const first = { ...(await host.openPullRequest(asked)), branch, head: asked.head };
      const other = await host.openPullRequest(await request(`${place.prefix}ö`));
      await Promise.all([host.markReady(repository, first), host.markReady(repository, first)]);
      await host.markReady(repository, first);
      expect((await host.openPullRequest(await request(branch))).draft).toBe(false);
      expect((await host.readPullRequest(repository, `${place.prefix}ö`))?.draft).toBe(other.draft);
    });
  });

  it('marks no pull request ready whose branch somebody else moved: the votes are about another commit (R24)', async () => {
    const head = await publish([['c.txt', 'c\n']], { branch });
    const opened = await host.openPullRequest({
      ...{ repository, branch, target: place.main, base, head, title: 'T', body: 'b', labels: [] },
      reviewers: { logins: [], teams: [] },
    });
    await place.point(branch, await place.commit([['c.txt', 'more\n']]));
    const approved = { ...opened, branch, head };
    await expect(host.markReady(repository, approved)).rejects.toMatchObject({ name: 'BranchTaken' });
    expect((await host.readPullRequest(repository, branch))?.draft).toBe(opened.draft);
    await place.point(branch, head);
    await host.markReady(repository, approved);
    expect((await host.readPullRequest(repository, branch))?.draft).toBe(false);
  });

  it('leads from a line to its commit and trailers (R6)', async () => {
    // Of the branch that is checked out, or the host's default.
    const from = await host.resolve(repository, 'main');
    const text = 'T-1: x\n\nDrydock-Run: r-1\nDrydock-Spec: a: b@c\n';
    const file = `${place.prefix}b.txt`;
    const before = await publish([[file, 'b\n']], { base: from });
    const commit = await publish([[file, 'b\nnew\n']], { base: from, previous: before, message: text });
    await place.point('main', commit);
    expect(await host.blame(repository, file, 2)).toEqual({
      commit,
      text: 'new',
      trailers: [['Drydock-Run', 'r-1'], ['Drydock-Spec', 'a: b@c']], // biome-ignore format: one line
    });
    expect((await host.blame(repository, file, 1)).commit).toBe(before);
    for (const [path, line] of [[file, 99], [file, 0], [file, -1], ['nope', 1], ['--contents=/etc/passwd', 1]] as const) // biome-ignore format: one line
      await expect(host.blame(repository, path, line)).rejects.toMatchObject({ name: 'FileUnreadable' });
  });

  // Last, since the git of GitHub's stand-in copies file by file what there is.
  it('takes 400 files in one commit, and takes them away again', async () => {
    const many = (content: string | null) => Array.from({ length: 400 }, (_, i): Edit => [`many/${i}.txt`, content]);
    const first = await publish(many('x\n'));
    expect((await host.listTree(repository, first)).size).toBe(404);
    const second = await publish([['src/b.txt', 'B\n']], { previous: first });
    expect(await pathsAt(second)).toEqual(firstPaths);
    const third = await publish(many(null), { base: first, branch: `${place.prefix}less` });
    expect(await pathsAt(third)).toEqual(firstPaths);
  });
});
