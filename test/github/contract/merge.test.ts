/** Our merge, which needs no git, held against git's on texts and trees made at random. */

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { mergeOnto } from '../../../adapters/github/merge/merge.ts';
import { mergeText } from '../../../adapters/github/merge/merge-text.ts';
import { linesOf, type Objects } from '../../../adapters/github/repository/objects.ts';
import type { Tree } from '../../../adapters/github/repository/tree.ts';
import { here } from '../../../adapters/thread/here.ts';
import { gitBlobSha } from '../../../core/task-spec/fingerprint.ts';
import { change, type Edit, removeTempFolders, sh, tempFolder } from '../../machine/contract/git-fixture.ts';

afterAll(removeTempFolders);

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
      change: edited(base, b),
    }));
  };
  const folder = tempFolder();
  const markers = { target: 'target', change: 'change', size: 7 };
  const byGit = (sides: { base: string; target: string; change: string }) => {
    for (const [name, text] of Object.entries(sides)) writeFileSync(join(folder, name), text);
    const files = ['target', 'base', 'change'];
    const done = spawnSync('git', ['merge-file', '-p', '-q', ...files.flatMap((name) => ['-L', name]), ...files], {
      cwd: folder,
      encoding: 'utf8',
    });
    return { text: done.stdout, conflict: done.status !== 0 };
  };

  it.each([
    // Of a thousand lines few come twice, and there is one way to align them. Of two lines, nearly all do.
    ['that seldom repeat', 1000, 0.01],
    ['of twelve lines', 12, 0.05],
    ['of two lines', 2, 0.15],
  ])('%s is git’s, but for a share (R42)', (_, lines, share) => {
    const runs = 100;
    const found = { conflicts: 0, onlyGits: 0, onlyOurs: 0, otherText: 0 };
    fc.assert(
      fc.property(texts(lines), ({ base, target, change }) => {
        const sides = [base, target, change].map((text) => linesOf(Buffer.from(text)));
        const ours = mergeText(sides[0] ?? [], sides[1] ?? [], sides[2] ?? [], markers);
        const gits = byGit({ base, target, change });
        if (gits.conflict) found.conflicts++;
        if (gits.conflict && !ours.conflict) found.onlyGits++;
        else if (ours.conflict && !gits.conflict) found.onlyOurs++;
        else if (ours.lines.join('') !== gits.text) found.otherText++;
      }),
      { numRuns: runs, seed: 4 },
    );
    expect(found.conflicts).toBeGreaterThan(runs / 20);
    expect(found.onlyGits + found.onlyOurs + found.otherText).toBeLessThanOrEqual(runs * share);
  });
});

type Files = Record<string, { content: string; mode: '100644' | '100755' | '120000' }>;

describe('a merge of trees', () => {
  const cwd = tempFolder();
  sh(cwd, 'init', '-q', '--bare');
  const commitOf = (name: string, files: Files, from = ''): string =>
    [
      `commit refs/heads/${name}\ncommitter A <a@b> 0 +0000\ndata 1\nx\n${from}deleteall\n`,
      ...Object.entries(files).map(
        ([path, { content, mode }]) => `M ${mode} inline ${path}\ndata ${Buffer.byteLength(content)}\n${content}\n`,
      ),
    ].join('');
  /** Paths with mode and blob of git's merge; the branches are called what our labels are. */
  const byGit = (base: Files, target: Files, wanted: Files) => {
    const from = 'from refs/heads/base\n';
    const branches = [commitOf('target', target, from), commitOf('change', wanted, from)];
    const reset = 'reset refs/heads/target\n\nreset refs/heads/change\n\n';
    sh({ cwd, input: `${reset}reset refs/heads/base\n\n${commitOf('base', base)}${branches.join('')}done\n` }, 'fast-import', '--quiet', '--force', '--done'); // biome-ignore format: one line
    // A file added to a folder that the other side renamed is no conflict for us; see mergeOnto.
    const merge = [
      '-c',
      'merge.directoryRenames=false',
      'merge-tree',
      '--write-tree',
      '-z',
      '--name-only',
      '--no-messages',
      'target',
      'change',
    ];
    const { stdout } = spawnSync('git', merge, { cwd, encoding: 'utf8' });
    const [tree = '', ...conflicts] = stdout.split('\0').filter((field) => field !== '');
    const listed = sh(cwd, 'ls-tree', '-r', tree).split('\n').filter(Boolean);
    return { conflicts: conflicts.sort(), files: listed.map((line) => line.replace(/ \w+ /, ' ')).sort() };
  };
  const treeOf = (files: Files): Tree =>
    new Map(
      Object.entries(files).map(([path, { content, mode }]) => {
        const bytes = Buffer.from(content);
        return [path, { mode, blobSha: gitBlobSha(bytes), bytes: bytes.length }];
      }),
    );
  const byUs = async (base: Files, target: Files, wanted: Files) => {
    const gone = Object.keys(base).filter((path) => !wanted[path]);
    const put = Object.entries(wanted).filter(([path, file]) => JSON.stringify(base[path]) !== JSON.stringify(file));
    const set = change('b'.repeat(40), [
      ...gone.map((path): Edit => [path, null]),
      ...put.map(([path, { content, mode }]): Edit => [path, content, mode]),
    ]);
    const blobs = new Map([base, target].flatMap((files) => Object.values(files).map(({ content }) => [gitBlobSha(Buffer.from(content)), Buffer.from(content)]))); // biome-ignore format: one line
    const objects: Objects = {
      tree: async (commit) => treeOf(commit === set.manifest.base ? base : target),
      blob: async (sha) => blobs.get(sha) ?? Promise.reject(new Error(`no ${sha}`)),
    };
    const { change: merged, conflicts } = await mergeOnto(here, objects, set, 't'.repeat(40));
    const tree = treeOf(target);
    for (const entry of merged.manifest.entries) {
      if (entry.op === 'delete') tree.delete(entry.path);
      else tree.set(entry.path, { mode: entry.mode, blobSha: entry.blobSha });
    }
    return { conflicts, files: [...tree].map(([path, { mode, blobSha }]) => `${mode} ${blobSha}\t${path}`).sort() };
  };
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
  const files = fc.dictionary(fc.constantFrom(...paths), one, { minKeys: 2, maxKeys: 5 }).map(possible);
  type Step = { do: 'put' | 'delete' | 'move' | 'edit'; path: string; to: string; file: Files[string]; line: number };
  const step: fc.Arbitrary<Step> = fc.record({
    do: fc.constantFrom('put', 'delete', 'move', 'move', 'edit', 'edit', 'edit'),
    path: fc.constantFrom(...paths),
    to: fc.constantFrom(...paths),
    file: one,
    line: fc.nat(7),
  });
  const applied = (from: Files, steps: Step[]): Files => {
    const now = { ...from };
    for (const { do: what, path: asked, to, file, line } of steps) {
      // Of the paths there are, so that the two sides meet.
      const path = what === 'put' ? asked : (Object.keys(now)[paths.indexOf(asked) % Object.keys(now).length] ?? asked);
      const old = now[path];
      if (what === 'put') now[path] = file;
      else if (what === 'edit' && old)
        now[path] = { ...old, content: old.content.replace(` ${line}\n`, ` edited ${line}\n`) };
      else delete now[path];
      if (what === 'move' && old) now[to] = old;
    }
    return possible(now);
  };

  it('is git’s', async () => {
    let conflicts = 0;
    const steps = fc.array(step, { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(files, steps, steps, async (base, a, b) => {
        const [target, wanted] = [applied(base, a), applied(base, b)];
        const gits = byGit(base, target, wanted);
        if (gits.conflicts.length > 0) conflicts++;
        expect(await byUs(base, target, wanted)).toEqual(gits);
      }),
      // Of two thousand made from another seed one differs: two equal files are gone, and either was renamed.
      { numRuns: 80, seed: 4 },
    );
    expect(conflicts).toBeGreaterThan(8);
  });
});
