import { afterEach, beforeEach, expect, test } from 'vitest';
import { cliIn } from '../../support/cli.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.remove());

const init = (...args: string[]) => cliIn(world, world.repo, 'init', '--as', 'me', '--json', ...args);

test('init tries what it wrote in the sandbox, and leaves it out where it is told to', () => {
  expect(init('--no-check').json).not.toHaveProperty('check');
  expect(init()).toMatchObject({ code: 0, json: { check: { ok: true, ended: true } } });
});

test('tests that fail are told with their remedy; with --check they are the exit code', () => {
  world.commit({ 'test/math.test.js': "throw new Error('red');\n" });
  const failed = { ok: false, ended: true, error: { name: 'BaselineRed', remedy: expect.stringMatching(/./) } };
  expect(init()).toMatchObject({ code: 0, json: { check: failed } });
  expect(init('--check')).toMatchObject({ code: 1, json: { check: failed } });
});

test('a registry that does not answer is in the result', () => {
  world.commit({
    'package.json': JSON.stringify({ name: 'calc', scripts: { test: 'node --test' }, dependencies: { gone: '1.0.0' } }),
    'package-lock.json': JSON.stringify({
      lockfileVersion: 3,
      packages: {
        'node_modules/gone': { version: '1.0.0', resolved: 'https://registry.npmjs.org/gone/-/gone-1.0.0.tgz' },
      },
    }),
  });
  const elsewhere = { ...world, env: { npm_config_registry: 'https://registry.invalid/' } };
  expect(cliIn(elsewhere, world.repo, 'init', '--as', 'me', '--json', '--check')).toMatchObject({
    code: 1,
    json: { check: { error: { name: 'InstallFailed' }, refusals: [{ target: 'registry.invalid' }] } },
  });
});

test('the first task asks for a file that git does not ignore, and its agent writes that one', () => {
  world.commit({ '.gitignore': 'AGENTS.md\n' });
  // A path from where one stands, which is not the folder of the policy.
  const policy = ['--policy', '../own.yaml'];
  const { json } = init('--no-check', ...policy);
  const run = cliIn(world, world.repo, 'run', String(json.spec), '--yes', '--as', 'me', '--json', ...policy);
  expect(run).toMatchObject({ code: 0, json: { status: 'delivered' } });
  expect(world.git('show', '--name-only', '--format=', String(run.json.branch)).trim()).toBe('CONTRIBUTING.md');
});
