import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGitCodeHost } from '../../../../../adapters/git/code-host.ts';
import { filesOfDiff } from '../../../../../core/diff/unified.ts';

let folder: string;
const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=d', '-c', 'user.email=d@example.com', ...args], {
    cwd: folder,
    encoding: 'utf8',
  }).trim();
const commit = (files: Record<string, string>): string => {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  git('add', '--all');
  git('commit', '--quiet', '--message', 'x');
  return git('rev-parse', 'HEAD');
};
const diff = (base: string, head: string, maxBytes = 100_000) =>
  createGitCodeHost(join(folder, 'data')).diff(folder, base, head, maxBytes);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-diff-'));
  git('init', '--quiet', '-b', 'main');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('shows what changes, a rename as delete and put, also of paths with blanks', async () => {
  git('config', 'diff.noprefix', 'true');
  const base = commit({ 'a b.txt': 'one\ntwo\n', 'keep.txt': 'x\n' });
  git('mv', 'a b.txt', 'c.txt');
  const head = commit({});
  const { text, truncated } = await diff(base, head);
  expect(truncated).toBe(false);
  expect(filesOfDiff(text)).toMatchObject([
    { path: 'a b.txt', added: 0, removed: 2 },
    { path: 'c.txt', added: 2, removed: 0 },
  ]);
  expect(text).toContain('+++ b/c.txt');
});

test('runs nothing that the repository names', async () => {
  const ran = join(folder, 'ran');
  git('config', 'diff.evil.textconv', `touch ${ran}; cat`);
  git('config', 'diff.evil.command', `touch ${ran}; true`);
  git('config', 'diff.external', `touch ${ran}; true`);
  const base = commit({ '.gitattributes': '* diff=evil\n', 'a.txt': 'one\n' });
  const { text } = await diff(base, commit({ 'a.txt': 'two\n' }));
  expect(text).toContain('+two\n');
  expect(existsSync(ran)).toBe(false);
});

test('is cut after the last whole line that fits', async () => {
  const base = commit({ 'a.txt': '' });
  const head = commit({ 'a.txt': 'é'.repeat(20).concat('\n').repeat(50) });
  const whole = await diff(base, head);
  const cut = await diff(base, head, 300);
  expect(cut.truncated).toBe(true);
  expect(Buffer.byteLength(cut.text)).toBeLessThanOrEqual(300);
  expect(cut.text.endsWith('\n')).toBe(true);
  expect(whole.text.startsWith(cut.text)).toBe(true);
  const exact = await diff(base, head, Buffer.byteLength(whole.text));
  expect(exact).toEqual({ text: whole.text, truncated: false });
});

test('takes commit ids only', async () => {
  const base = commit({ 'a.txt': '' });
  await expect(diff('--output=/tmp/x', base)).rejects.toMatchObject({ name: 'Internal' });
  await expect(diff(base, 'f'.repeat(40))).rejects.toMatchObject({ name: 'Internal' });
});
