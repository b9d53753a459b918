/** Our merge, which needs no git, held against git's on texts and trees made at random. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { git } from '../../adapters/git/git.ts';
import { mergeOnto as mergeByGit } from '../../adapters/git/merge.ts';
import { mergeOnto } from '../../adapters/github/merge.ts';
import type { Objects } from '../../adapters/github/objects.ts';
import type { Tree } from '../../adapters/github/tree.ts';
import { blobsByPath, type ChangeSet } from '../../core/run/change-set.ts';
import { change, type Edit, removeTempFolders, sh, tempFolder } from './git-fixture.ts';

afterAll(removeTempFolders);

type Files = Record<string, { content: string; mode: '100644' | '100755' | '120000' }>;

/** Commits files with one fast-import. */
function importer(folder: string) {
  mkdirSync(folder, { recursive: true });
  sh(folder, 'init', '-q', '--bare');
  let made = 0;
  return (all: Files[]): string[] => {
    const refs = all.map(() => `refs/heads/c${made++}`);
    const stream = all.flatMap((files, i) => [
      `commit ${refs[i]}\ncommitter A <a@b> 0 +0000\ndata 1\nx\ndeleteall\n`,
      ...Object.entries(files).map(
        ([path, { content, mode }]) => `M ${mode} inline ${path}\ndata ${Buffer.byteLength(content)}\n${content}\n`,
      ),
    ]);
    sh({ cwd: folder, input: `${stream.join('')}done\n` }, 'fast-import', '--quiet', '--done');
    return sh(folder, 'rev-parse', ...refs).split('\n');
  };
}

/** What GitHub's API would say of a repository. */
function objectsOf(cwd: string): Objects {
  return {
    async tree(commit) {
      const tree: Tree = new Map();
      for (const line of sh(cwd, 'ls-tree', '-r', '-l', '-z', commit).split('\0').filter(Boolean)) {
        const [mode = '', , blobSha = '', bytes = ''] = line.slice(0, line.indexOf('\t')).split(/ +/);
        tree.set(line.slice(line.indexOf('\t') + 1), { mode, blobSha, bytes: Number(bytes) });
      }
      return tree;
    },
    blob: async (sha) => (await git(['cat-file', 'blob', sha], { cwd })).stdout,
  };
}

/** The change set from one tree to another. */
function between(base: string, from: Files, to: Files): ChangeSet {
  const gone = Object.keys(from).filter((path) => !to[path]);
  const put = Object.entries(to).filter(([path, file]) => JSON.stringify(from[path]) !== JSON.stringify(file));
  return change(base, [
    ...gone.map((path): Edit => [path, null]),
    ...put.map(([path, { content, mode }]): Edit => [path, content, mode]),
  ]);
}

/** A result by path; what each names in its own way (labels of markers, names beside a folder) is made equal. */
function seen({ change: merged, conflicts }: { change: ChangeSet; conflicts: string[] }) {
  const plain = (path: string): string => path.replace(/~[0-9a-z_]+$/, '~');
  const blobs = blobsByPath(merged);
  const text = (path: string): string =>
    Buffer.from(blobs.get(path) ?? [])
      .toString()
      .replace(/^([<>]{7}) .*$/gm, '$1');
  return {
    conflicts: conflicts.map(plain).sort(),
    files: merged.manifest.entries
      .map((entry) =>
        entry.op === 'put' ? `${entry.mode} ${plain(entry.path)}\n${text(entry.path)}` : `- ${entry.path}`,
      )
      .sort(),
  };
}

const world = () => {
  const cwd = join(tempFolder(), 'r.git');
  const commit = importer(cwd);
  const objects = objectsOf(cwd);
  return async (base: Files, target: Files, wanted: Files) => {
    const [from = '', onto = ''] = commit([base, target]);
    const set = between(from, base, wanted);
    return [seen(await mergeOnto(objects, set, onto)), seen(await mergeByGit(cwd, set, onto))] as const;
  };
};

describe('a merge of texts', () => {
  const texts = (lines: number) => {
    const line = fc.integer({ min: 0, max: lines - 1 }).map((n) => `l${n}\n`);
    const edit = fc.record({ at: fc.nat(40), less: fc.nat(2), more: fc.array(line, { maxLength: 2 }) });
    const edited = (text: string[], edits: { at: number; less: number; more: string[] }[]) =>
      edits.reduce((now, { at, less, more }) => now.toSpliced(at % (now.length + 1), less, ...more), text).join('');
    const sides = fc.tuple(fc.array(edit, { maxLength: 3 }), fc.array(edit, { maxLength: 3 }));
    return fc.tuple(fc.array(line, { maxLength: 20 }), sides).map(([base, [a, b]]) => ({
      base: base.join(''),
      target: edited(base, a),
      wanted: edited(base, b),
    }));
  };
  const file = (content: string): Files => ({ f: { content, mode: '100644' } });

  it.each([
    // Lines drawn from 1000 hardly repeat, and there is one way to align them. Of two lines, nearly all do.
    ['whose lines differ', 1000, 0],
    ['of twelve lines again and again', 12, 0.03],
    ['of two lines again and again', 2, 0.06],
  ])('%s is git’s, but for a few (R42)', async (_, lines, mayDiffer) => {
    const runs = 200;
    const both = world();
    let differ = 0;
    let conflicts = 0;
    await fc.assert(
      fc.asyncProperty(texts(lines), async ({ base, target, wanted }) => {
        const [ours, gits] = await both(file(base), file(target), file(wanted));
        if (ours.conflicts.length > 0) conflicts++;
        if (JSON.stringify(ours) !== JSON.stringify(gits)) differ++;
        if (mayDiffer === 0) expect(ours).toEqual(gits);
      }),
      { numRuns: runs, seed: 4 },
    );
    if (process.env.SHOW) console.log(lines, { differ, conflicts, runs });
    expect(conflicts).toBeGreaterThan(runs / 20);
    expect(differ).toBeLessThanOrEqual(runs * mayDiffer);
  });
});

describe('a merge of trees', () => {
  const long = (name: string, ...changed: number[]): string =>
    Array.from({ length: 8 }, (_, i) => `${name} ${changed.includes(i) ? 'changed ' : ''}${i}\n`).join('');
  const content = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constantFrom('x', 'y', 'z'), fc.subarray([0, 3, 7])).map(([name, at]) => long(name, ...at)) }, // biome-ignore format: one line
    { weight: 1, arbitrary: fc.constantFrom('', 'bin\0a', 'bin\0b', 'no end', 'crlf\r\n') },
  );
  const one = fc.record({
    content,
    mode: fc.constantFrom('100644', '100644', '100644', '100755', '120000') as fc.Arbitrary<'100644'>,
  });
  const paths = ['a.txt', 'b.txt', 'd', 'd/a.txt', 'd/e.txt', 'n.txt', 'e/a.txt'];
  /** A path cannot be a file and a folder. */
  const possible = (files: Files): Files =>
    Object.fromEntries(
      Object.entries(files).filter(([path]) => !Object.keys(files).some((other) => path.startsWith(`${other}/`))),
    );
  const files = fc.dictionary(fc.constantFrom(...paths), one, { maxKeys: 5 }).map(possible);
  type Step = { do: 'put' | 'delete' | 'move'; path: string; to: string; file: Files[string] };
  const step: fc.Arbitrary<Step> = fc.record({
    do: fc.constantFrom('put', 'delete', 'move'),
    path: fc.constantFrom(...paths),
    to: fc.constantFrom(...paths),
    file: one,
  });
  const after = (from: Files, steps: Step[]): Files => {
    const now = { ...from };
    for (const { do: what, path, to, file } of steps) {
      const old = now[path];
      if (what === 'put') now[path] = file;
      else delete now[path];
      if (what === 'move' && old) now[to] = old;
    }
    return possible(now);
  };

  it('is git’s', async () => {
    const both = world();
    let [differ, conflicts] = [0, 0];
    const runs = Number(process.env.RUNS ?? 200);
    await fc.assert(
      fc.asyncProperty(files, fc.array(step, { maxLength: 3 }), fc.array(step, { maxLength: 3 }), async (base, a, b) => {
        const [target, wanted] = [after(base, a), after(base, b)];
        const [ours, gits] = await both(base, target, wanted);
        if (gits.conflicts.length > 0) conflicts++;
        if (JSON.stringify(ours) !== JSON.stringify(gits)) {
          differ++;
          if (process.env.SHOW) console.log(JSON.stringify({ base, target, wanted, ours, gits }, null, 1));
        }
      }),
      { numRuns: runs, seed: 4 },
    );
    if (process.env.SHOW) console.log({ differ, conflicts, runs });
    expect(differ).toBe(0);
  });
});
