/** However long the names and texts of an agent are, a reviewer finds every part of the body, and a host takes it. */
import { expect, test } from 'vitest';
import { plan } from '../../../../core/plan/schema.ts';
import { pullRequestBody } from '../../../../core/publish/pull-request.ts';
import { factsOf } from './facts.ts';

/** Bytes of a path on Linux. */
const maxPath = 4_000;
const parts = ['Plan: ', 'Verified in a fresh sandbox', 'Constraints', 'Refused', 'Cost, rollback, provenance'];

test.each([
  ['letters', 'x'],
  ['characters that nobody sees', '\u200b'],
  ['characters that are escaped', '<|`'],
  ['the end of a fold', '</details>\n\n'],
  ['halves of characters', 'a😀'],
])('with many long names of %s', (_what, piece) => {
  const long = Buffer.from(piece.repeat(maxPath)).subarray(0, maxPath).toString();
  const text = long.slice(0, 190);
  const body = pullRequestBody(
    factsOf({
      instructions: piece.repeat(10_000),
      plan: plan.parse({ phases: [{ name: text, steps: [text] }], risks: [text] }),
      files: Array.from({ length: 300 }, (_, i) => ({ path: `${long}${i}`, op: 'put' as const, phase: undefined })),
      weakened: [1, 2].map((n) => ({ rule: 'TestsWeakened', path: `${long}${n}`, message: text })),
      first: [{ rule: 'CiChanged', path: long, line: 1, message: text, named: false }],
      hidden: Array(300).fill(long),
      flipped: Array(300).fill(long),
      reviews: Array(60).fill(long),
      constraints: Array(30).fill({ text, enforcedBy: 'guard', detail: text }),
      refusals: Array(100).fill({ target: long, command: text, reason: text, allow: text, at: '' }),
    }),
  );
  expect(body.length).toBeLessThanOrEqual(65_536);
  const lines = body.split('\n');
  expect(lines.findIndex((line) => line.startsWith('<details>'))).toBeGreaterThan(0);
  expect(lines.findIndex((line) => line.startsWith('<details>'))).toBeLessThanOrEqual(26);
  for (const part of parts) expect(body).toContain(`<details><summary>${part}`);
  expect(body.match(/^<details>/gm)?.length).toBe(body.match(/^<\/details>/gm)?.length);
  expect(body.isWellFormed()).toBe(true);
});
