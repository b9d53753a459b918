import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const run = (script: string, ...args: string[]) =>
  spawnSync(process.execPath, [join(import.meta.dirname, '../../../scripts', script), ...args], { encoding: 'utf8' });

test.each([
  ['simulate/index.ts', ['--bogus'], /--bogus/, /--tasks-per-day 1000/],
  ['simulate/index.ts', ['--hours', 'x'], /--hours needs a number/, /--tasks-per-day 1000/],
  ['registry/index.ts', [], /Give --source TEXT and REGION=FOLDER/, /CloudformationSchema.zip/],
  ['registry/index.ts', ['--bogus'], /--bogus/, /CloudformationSchema.zip/],
])('%s with %j says what it needs, without a stack', (script, args, fault, help) => {
  const { status, stdout, stderr } = run(script, ...args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^UsageError: /);
  expect(stderr).toMatch(fault);
  expect(stderr).toMatch(help);
  expect(stderr).not.toContain('    at ');
  expect(run(script, '--help')).toMatchObject({ status: 0, stdout: expect.stringMatching(help), stderr: '' });
});
