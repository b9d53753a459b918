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
