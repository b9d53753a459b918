import { expect, test } from 'vitest';
import { filesOfDiff } from '../../../../core/diff/unified.ts';
import { duration } from '../../../../web/html/format.ts';
import { aDiff } from '../fake.ts';

test('a diff is split by file, with its lines counted', () => {
  expect(filesOfDiff(aDiff)).toEqual([
    {
      path: 'src/math.js',
      op: 'changed',
      added: 1,
      removed: 1,
      notes: [],
      hunks: [
        {
          heading: '',
          oldStart: 1,
          newStart: 1,
          lines: [
            { kind: 'del', text: 'export const add = (a, b) => a - b;', old: 1 },
            { kind: 'add', text: 'export const add = (a, b) => a + b;', now: 1 },
          ],
        },
      ],
    },
  ]);
});

test('content that looks like a header is content', () => {
  const text =
    'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-diff --git a/y b/y\n+++ not a header\n--- nor this\n';
  expect(filesOfDiff(text)).toMatchObject([{ path: 'x', added: 1, removed: 2 }]);
});

test.each([
  ['a/with blank.txt b/with blank.txt', 'with blank.txt'],
  ['a/a b/b.txt b/a b/b.txt', 'a b/b.txt'],
  ['"a/\\303\\244" "b/\\303\\244"', 'ä'],
  ['"a/a\\"\\\\b" "b/a\\"\\\\b"', 'a"\\b'],
])('the path of %s', (pair, path) => {
  expect(filesOfDiff(`diff --git ${pair}\n`)[0]?.path).toBe(path);
});

test('nothing is no file', () => {
  expect(filesOfDiff('')).toEqual([]);
});

test.each([
  [0, 'under 1 s'],
  [999, 'under 1 s'],
  [1_000, '1 s'],
  [93_000, '1 min 33 s'],
  [3_600_000, '1 h'],
  [3_605_000, '1 h'],
  [90_000_000, '1 d 1 h'],
])('%i ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});
