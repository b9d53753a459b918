import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { branchOf, elsewhere, repositoryName } from '../../../../cli/config/own-repository.ts';
import { type Policy, policySchema } from '../../../../core/policy/schema.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'drydock-own-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function repository(path: string, origin?: string): string {
  const root = join(folder, path);
  mkdirSync(root, { recursive: true });
  const git = (...args: string[]): unknown => execFileSync('git', args, { cwd: root, stdio: 'ignore' });
  git('init', '--quiet', '--initial-branch', 'trunk');
  if (origin !== undefined) git('remote', 'add', 'origin', origin);
  return root;
}
const policy = (repositories: Record<string, object>): Policy => policySchema.parse({ version: 1, repositories });
const at = (url: string): object => ({ host: 'git', url });

test('a repository is named by its origin, else by its folder', () => {
  for (const origin of ['https://github.com/acme/tool.git', 'git@github.com:acme/tool.git', 'ssh://git@h/acme/tool'])
    expect(repositoryName(repository(origin.replace(/\W/g, '-'), origin))).toBe('acme/tool');
  expect(repositoryName(repository('my app'))).toBe('local/my-app');
  expect(branchOf(repository('x'))).toBe('trunk');
});

test('the name that the policy has for it comes first', () => {
  const root = repository('app', 'https://github.com/acme/tool.git');
  expect(repositoryName(root, policy({ 'team/ours': at(root) }))).toBe('team/ours');
  expect(repositoryName(root, policy({ 'acme/tool': { host: 'github' } }))).toBe('acme/tool');
});

test('a name that another repository has is left to it', () => {
  const [first, second, third] = ['a/app', 'b/app', 'c/b/app'].map((path) => repository(path)) as [
    string,
    string,
    string,
  ];
  const known: Record<string, object> = { 'local/app': at(first) };
  expect(repositoryName(second, policy(known))).toBe('local/b-app');
  known['local/b-app'] = at(second);
  expect(repositoryName(third, policy(known))).toBe('local/b-app-2');
  expect(repositoryName(first, policy(known))).toBe('local/app');
});

test('another clone of the same repository is the same repository', () => {
  const origin = 'https://github.com/acme/tool.git';
  const [first, second] = [repository('a/tool', origin), repository('b/tool', origin)];
  expect(repositoryName(second, policy({ 'acme/tool': at(first) }))).toBe('acme/tool');
});

test('what its spec says is kept where it is free', () => {
  const [first, second] = [repository('a/app'), repository('b/app')];
  expect(repositoryName(second, policy({}), 'local/b-app')).toBe('local/b-app');
  expect(repositoryName(second, policy({ 'local/b-app': at(first) }), 'local/b-app')).toBe('local/app');
});

test('a run that uses another place or other settings than the policy has for the work tree says so', () => {
  const origin = 'https://github.com/acme/tool.git';
  const [root, clone, other] = [repository('a/tool', origin), repository('b/tool', origin), repository('c/app')];
  const note = (name: string, repositories: Record<string, object>) => elsewhere(policy(repositories), { name, root });
  expect(note('team/ours', { 'team/ours': at(root), 'team/app': at(other) })).toBeUndefined();
  expect(note('team/ours', { 'team/ours': { host: 'github' } })).toMatch(/on GitHub; the run does not use/);
  expect(note('team/ours', { 'team/ours': at(other) })).toMatch(/The policy names .*c\/app for team\/ours/);
  for (const [name, listed] of [
    ['team/main', at(root)],
    ['team/main', at(clone)],
    ['acme/tool', { host: 'github' }],
  ] as const)
    expect(note('x/y', { 'x/y': at(root), [name]: listed })).toMatch(`lists this repository as ${name}; its settings`);
});
