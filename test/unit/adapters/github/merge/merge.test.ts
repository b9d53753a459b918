import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unifiedDiff } from '../../../../../adapters/github/merge/diff.ts';
import { hunksOf } from '../../../../../adapters/github/merge/hunks.ts';
import { mergeOnto } from '../../../../../adapters/github/merge/merge.ts';
import { mergeText } from '../../../../../adapters/github/merge/merge-text.ts';
import { similarity } from '../../../../../adapters/github/merge/renames.ts';
import type { Objects } from '../../../../../adapters/github/repository/objects.ts';
import type { Tree } from '../../../../../adapters/github/repository/tree.ts';
import { here } from '../../../../../adapters/thread/here.ts';
import type { ChangeSet } from '../../../../../core/run/change-set.ts';
import { gitBlobSha } from '../../../../../core/task-spec/fingerprint.ts';

type Files = Record<string, string | Uint8Array>;
const base = 'b'.repeat(40);
const target = 'c'.repeat(40);
const lines = (count: number, changed?: number): string =>
  Array.from({ length: count }, (_, i) => `line ${i === changed ? 'changed' : i}\n`).join('');
const rest = (count: number): Files =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`rest/${i}.txt`, `rest ${i}\n`]));

/** Two commits, with a count of what is asked of them. */
function host(commits: Record<string, Files>) {
  const asked = { trees: 0, blobs: [] as string[] };
  const blobs = new Map<string, { bytes: Buffer; path: string }>();
  const trees = new Map<string, Tree>();
  for (const [commit, files] of Object.entries(commits)) {
    const tree: Tree = new Map();
    for (const [path, content] of Object.entries(files)) {
      const bytes = Buffer.from(content as string);
      const blobSha = gitBlobSha(bytes);
      tree.set(path, { mode: '100644', blobSha, bytes: bytes.length });
      blobs.set(blobSha, { bytes, path });
    }
    trees.set(commit, tree);
  }
  const objects: Objects = {
    async tree(commit) {
      asked.trees++;
      return trees.get(commit) ?? new Map();
    },
    async blob(sha) {
      const { bytes, path } = blobs.get(sha) ?? { bytes: Buffer.alloc(0), path: 'unknown' };
      asked.blobs.push(path);
      return bytes;
    },
  };
  return { objects, asked };
}
const put = (files: Record<string, string>): ChangeSet => {
  const all = Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
  const entries = all.map(({ path, bytes }) => ({
    op: 'put' as const,
    path,
    mode: '100644' as const,
    blobSha: gitBlobSha(bytes),
    bytes: bytes.length,
  }));
  return { manifest: { base, entries }, blobs: Buffer.concat(all.map(({ bytes }) => bytes)) };
};

describe('a merge reads', () => {
  it.each([10, 5_000])('two trees and the files both sides changed, among %i files', async (count) => {
    const more = rest(count);
    const moved = Object.fromEntries(Object.entries(more).map(([path, text]) => [path, `${text}more\n`]));
    const { objects, asked } = host({
      [base]: { ...more, both: lines(9), ours: lines(8) },
      [target]: { ...moved, both: lines(9, 1), ours: lines(8) },
    });
    const { conflicts } = await mergeOnto(
      here,
      objects,
      put({ both: lines(9, 7), ours: lines(8, 3), new: 'n\n' }),
      target,
    );
    expect(conflicts).toEqual([]);
    expect(asked).toEqual({ trees: 2, blobs: ['both', 'both'] });
  });

  it('no new file whose size says that it is another', async () => {
    const { objects, asked } = host({
      [base]: { gone: lines(20) },
      [target]: { large: lines(900), small: 'x\n', alike: lines(20, 3) },
    });
    const { change, conflicts } = await mergeOnto(here, objects, put({ gone: lines(20, 17) }), target);
    expect(conflicts).toEqual([]);
    expect(change.manifest.entries.map(({ path }) => path)).toEqual(['alike']);
    expect(asked.blobs.sort()).toEqual(['alike', 'gone']);
  });

  it('a bounded number of new files to find where one went', async () => {
    const added = Object.fromEntries(
      Array.from({ length: 400 }, (_, i) => [`new/${i}`, `${'other line\n'.repeat(20)}${i}`]),
    );
    const { objects, asked } = host({ [base]: { gone: lines(30) }, [target]: added });
    const { conflicts } = await mergeOnto(here, objects, put({ gone: lines(30, 3) }), target);
    expect(conflicts).toEqual(['gone']);
    expect(asked.blobs.length).toBeLessThanOrEqual(101);
  });
});

describe('a diff reads', () => {
  it('changed files only, and no further than what is shown', async () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`f${i}`, lines(9, 4)]));
    const before = Object.fromEntries(Object.keys(many).map((path, i) => [path, i < 400 ? lines(9) : lines(9, 4)]));
    const small = host({ [base]: before, [target]: many });
    expect((await unifiedDiff(here, small.objects, base, target, 2_000)).truncated).toBe(true);
    expect(small.asked.blobs.length).toBeLessThan(50);
    const whole = host({ [base]: before, [target]: many });
    expect((await unifiedDiff(here, whole.objects, base, target, 1_000_000)).truncated).toBe(false);
    expect(whole.asked.blobs).toHaveLength(800);
  });
});

describe('hunks', () => {
  const text = fc.array(fc.constantFrom('a\n', 'b\n', 'c\n', '\n'), { maxLength: 14 });

  it('lead from one text to the other, with equal lines between them', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const made: string[] = [];
        let [atA, atB] = [0, 0];
        for (const { from, to } of hunksOf(a, b)) {
          expect(a.slice(atA, from[0])).toEqual(b.slice(atB, to[0]));
          expect(from[1] - from[0] + to[1] - to[0]).toBeGreaterThan(0);
          made.push(...a.slice(atA, from[0]), ...b.slice(...to));
          [atA, atB] = [from[1], to[1]];
        }
        expect([...made, ...a.slice(atA)]).toEqual(b);
      }),
    );
  });

  it('of texts too different to compare are one', () => {
    const some = Array.from({ length: 1_500 }, (_, i) => `${i}\n`);
    // Every line is in both, and nothing stands where it stood.
    expect(hunksOf(['x\n', ...some, 'y\n'], ['x\n', ...some.toReversed(), 'y\n'])).toEqual([
      { from: [1, 1_501], to: [1, 1_501] },
    ]);
  });

  it('cost little where lines repeat ten thousand times', () => {
    const some = Array.from({ length: 10_000 }, (_, i) => (i % 3 === 0 ? '}\n' : `${i}\n`));
    const changed = some.with(5, 'X\n').with(9_990, 'Y\n');
    expect(hunksOf(some, changed).map(({ from }) => from[0])).toEqual([5, 9_990]);
  });
});

describe('a merge of lines', () => {
  const text = fc.array(fc.constantFrom('a\n', 'b\n', 'c\n', 'd\n'), { maxLength: 12 });
  const markers = { target: 'target', change: 'change', size: 7 };

  it('is the side that changed, where only one did, and what both did, where they did the same', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(mergeText(a, b, a, markers)).toEqual({ lines: b, conflict: false });
        expect(mergeText(a, a, b, markers)).toEqual({ lines: b, conflict: false });
        expect(mergeText(a, b, b, markers)).toEqual({ lines: b, conflict: false });
      }),
    );
  });

  it('invents no line, marks each conflict, and has the same ones from either side', () => {
    fc.assert(
      fc.property(text, text, text, (base, a, b) => {
        const merged = mergeText(base, a, b, markers);
        expect(mergeText(base, b, a, markers).conflict).toBe(merged.conflict);
        for (const line of merged.lines.filter((each) => !/^[<=>]{7}/.test(each)))
          expect([...a, ...b, ...base]).toContain(line);
        expect(merged.conflict).toBe(merged.lines.some((line) => line.startsWith('<<<<<<<')));
      }),
    );
  });
});

describe('similarity', () => {
  const bytes = (text: string) => Buffer.from(text);
  it.each([
    ['the same', lines(9), lines(9), 1],
    ['the same lines in another order', 'a\nb\n', 'b\na\n', 1],
    ['other ends of lines', 'abc\n', 'abc\r\n', 0.8],
    ['three lines of four', 'a\nb\nc\nd\n', 'a\nb\nc\nx\n', 0.75],
    ['half the size at most', 'a\n', 'a\nb\nc\n', 0],
    ['nothing', '', '', 0],
  ])('%s', (_, a, b, score) => {
    expect(similarity(bytes(a), bytes(b))).toBeCloseTo(score);
    expect(similarity(bytes(b), bytes(a))).toBeCloseTo(score);
  });
});
