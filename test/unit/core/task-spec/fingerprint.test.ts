import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { branchOf, gitBlobSha, runIdOf, runKey } from '../../../../core/task-spec/fingerprint.ts';
import { specJsonSchema } from '../../../../core/task-spec/schema.ts';
import { bytesOf } from './specs.ts';

test('R6 a blob id is the one git gives', () => {
  const text = 'task_id: Ümlaut\n';
  const git = execFileSync('git', ['hash-object', '--stdin'], { input: text, encoding: 'utf8' }).trim();
  expect(gitBlobSha(bytesOf(text))).toBe(git);
  expect(gitBlobSha(new Uint8Array())).toBe('e69de29bb2d1d6434b8b29ae775ad8c2e48c5391');
});

test('R11 ids have their documented form', () => {
  const key = runKey('acme/app', 'T-1', 'a'.repeat(40), 1);
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(runIdOf(key)).toBe(`r-${key.slice(0, 40)}`);
  expect(branchOf('agent/t', key)).toBe(`agent/t-${key.slice(0, 8)}`);
});

test('R11 property: a key is the same for the same parts only; parts do not run together', () => {
  const part = fc.stringMatching(/^[a1:]{0,6}$/);
  const parts = fc.tuple(part, part, part, fc.integer({ min: 1, max: 20 }));
  fc.assert(
    fc.property(parts, parts, (a, b) => (runKey(...a) === runKey(...b)) === (JSON.stringify(a) === JSON.stringify(b))),
  );
  expect(runKey('ab', 'c', 'd', 1)).not.toBe(runKey('a', 'bc', 'd', 1));
});

test('R2 the JSON Schema is strict and asks for what a spec must have', () => {
  expect(specJsonSchema()).toMatchObject({
    additionalProperties: false,
    required: ['task_id', 'repository', 'target_branch', 'output_branch_prefix', 'instructions', 'constraints'],
    properties: { sandbox: { additionalProperties: false, properties: { test_command: { type: 'string' } } } },
  });
});
