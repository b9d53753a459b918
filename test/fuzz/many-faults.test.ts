/** A file with a fault at each character is reported, and ends nothing. */
import { expect, test } from 'vitest';
import { parsePlan } from '../../core/plan/parse.ts';
import { parsePolicy } from '../../core/policy/parse.ts';
import { lintSpec } from '../../core/task-spec/lint/lint.ts';
import { maxFileBytes } from '../../core/task-spec/text.ts';

test.each([
  '[a]',
  ']',
  '*a ',
  'a: b\n',
  '? a\n',
  '- - ',
  '{a: ',
  '!a ',
  '%a\n',
  '"',
  'a: &a [',
  '\u200b',
  'x\u0000',
])('of %j', (unit) => {
  const text = unit.repeat(Math.floor(maxFileBytes / Buffer.byteLength(unit)));
  const { problems } = lintSpec('a.yaml', Buffer.from(text));
  expect([problems.length > 0, problems.length <= 100]).toEqual([true, true]);
  expect(parsePolicy(Buffer.from(text)).problems.length).toBeGreaterThan(0);
  expect(() => parsePlan(text.slice(0, 60_000), 'agent')).toThrow(expect.objectContaining({ name: 'ResultInvalid' }));
});
