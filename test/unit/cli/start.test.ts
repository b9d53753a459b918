import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');

/** The modules that a command line loads, below the root. */
function loaded(args: readonly string[]): string[] {
  const hooks = pathToFileURL(join(root, 'test/support/modules-child.ts')).href;
  const { stderr } = spawnSync(process.execPath, ['--import', hooks, join(root, 'bin/drydock.ts'), ...args], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent' },
    encoding: 'utf8',
  });
  const base = `${pathToFileURL(root).href}/`;
  return stderr.split('\n').flatMap((line) => (line.startsWith(base) ? [line.slice(base.length)] : []));
}

/** What takes a moment to load, and says nothing about the arguments of a command. */
const heavy = /^(?:adapters|engine|gateway|sandbox|web|pipeline)\/|^node_modules\/(?!commander\/|fast-)/;
/** Modules of a command line that has only to say something; one that loads the schemas has more than 150. */
const most = 45;

test.each([
  '--version',
  '--help',
  'help',
  'help run',
  'a-mistyped-command',
  'run --help',
  'approve --help',
  'answer --help',
  'list --help',
  'status --help',
  'show --help',
  'diff --help',
  'inbox --help',
  'watch --help',
  'cancel --help',
])('drydock %s says so before it loads schemas, stores or pages', (line) => {
  const modules = loaded(line.split(' '));
  expect(modules).toContain('cli/main.ts');
  expect(modules.filter((module) => heavy.test(module))).toEqual([]);
  expect(modules.length).toBeLessThanOrEqual(most);
});

test('PAGES: a command that needs the data loads its parts, which the list above would show', () => {
  expect(loaded(['list', '--data', '/nonexistent/data']).filter((module) => heavy.test(module)).length).toBeGreaterThan(
    10,
  );
});
