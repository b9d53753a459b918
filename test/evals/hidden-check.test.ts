/** Delivered files run beside the hidden check of a task, and may not decide what it says. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkDelivered } from '../../scripts/eval/hidden-check.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hidden-check-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function said(delivered: string): Promise<string | undefined> {
  const repo = path.join(folder, 'repo');
  mkdirSync(repo);
  writeFileSync(path.join(repo, 'package.json'), '{"type":"module"}');
  writeFileSync(path.join(repo, 'two.js'), delivered);
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@localhost', ...args], { cwd: repo, stdio: 'ignore' });
  git('init', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--message', 'first');
  const check = path.join(folder, 'check.mjs');
  writeFileSync(
    check,
    `import assert from 'node:assert/strict';\nconst { two } = await import('/work/two.js');\nassert.equal(two(), 2);\n`,
  );
  return checkDelivered(folder, repo, 'main', check);
}

test('what is right passes', async () => {
  expect(await said('export const two = () => 2;')).toBeUndefined();
});

test.each<[string, string]>([
  ['is wrong', 'export const two = () => 3;'],
  ['ends the process', 'export const two = () => 3;\nprocess.exit(0);'],
  ['ends it when it is called', 'export const two = () => process.exit(0);'],
  ['sets the exit code at the end', "process.on('exit', () => (process.exitCode = 0));\nexport const two = () => 3;"],
  ['takes all errors', "process.on('uncaughtException', () => process.exit(0));\nexport const two = () => 3;"],
  [
    'replaces the assertions',
    "import assert from 'node:assert';\ntry {\n  assert.strict.equal = () => {};\n  assert.equal = () => {};\n} catch {}\nexport const two = () => 3;",
  ],
  ['never answers', 'await new Promise(() => {});\nexport const two = () => 3;'],
])('what %s does not', async (_, delivered) => {
  expect(await said(delivered)).toMatch(/^hidden check: /);
});
