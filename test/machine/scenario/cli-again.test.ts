import { execFileSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cli, cliIn } from '../../support/cli.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.remove());

const common = ['--policy', 'policy.yaml', '--data', 'data', '--as', 'dev@example.com', '--json'];

describe('a spec that is given again', () => {
  test('after a failure: the exit code, the status and the error of that run, until the base has moved', () => {
    world.commit({ 'package.json': '{"type":"module","scripts":{"test":"exit 1"}}' });
    const { file } = world.spec();
    const failed = cli(world, 'run', file, '--yes', ...common);
    expect(failed).toMatchObject({ code: 1, json: { status: 'failed', error: { name: 'BaselineRed' } } });
    const again = cli(world, 'run', file, '--yes', ...common);
    expect(again).toMatchObject({
      code: 1,
      json: { status: 'duplicate', runStatus: 'failed', error: { name: 'BaselineRed' }, runId: failed.json.runId },
    });
    const said = cli(world, 'run', file, '--yes', ...common.filter((flag) => flag !== '--json'));
    expect(said.code).toBe(1);
    expect(said.stdout).toContain('FIX-1 has already run and ended as failed. No run was started.');
    expect(said.stdout).toContain('BaselineRed: ');
    world.commit({ 'package.json': '{"type":"module","scripts":{"test":"node --test"}}' });
    const mended = cli(world, 'run', file, '--yes', ...common);
    expect(mended).toMatchObject({ code: 0, json: { status: 'delivered', attempt: 2 } });
    expect(mended.stderr).toContain('Attempt 2, because attempt 1 failed, and main has moved since.');
    expect(cli(world, 'run', file, '--yes', ...common)).toMatchObject({
      code: 0,
      json: { status: 'duplicate', runStatus: 'delivered', attempt: 2 },
    });
  });

  test('after what the machine lacked: it runs', () => {
    const { file } = world.spec();
    const folder = join(world.folder, 'agent');
    renameSync(folder, `${folder}.away`);
    expect(cli(world, 'run', file, '--yes', ...common)).toMatchObject({
      code: 4,
      // The remedy of the error itself, not the one of its kind.
      json: { status: 'failed', error: { name: 'AgentUnavailable', remedy: expect.stringContaining('`files`') } },
    });
    renameSync(`${folder}.away`, folder);
    expect(cli(world, 'run', file, '--yes', ...common)).toMatchObject({
      code: 0,
      json: { status: 'delivered', attempt: 2 },
    });
  });
});

describe('where one stands', () => {
  const stand = (policy: Record<string, unknown>): ReturnType<typeof cli> => {
    world.policy(policy);
    const { file } = world.spec();
    const other = join(world.folder, 'other');
    execFileSync('git', ['clone', '--quiet', world.repo, other]);
    const common = ['--policy', '../policy.yaml', '--data', '../data', '--as', 'dev@example.com', '--json'];
    return cliIn(world, other, 'run', file, '--yes', ...common);
  };
  const branches = (folder: string): string =>
    execFileSync('git', ['branch', '--list', 'agent/*'], { cwd: join(world.folder, folder), encoding: 'utf8' }).trim();

  test('a run is made on the repository of the policy, and says so', () => {
    const done = stand({});
    expect(done).toMatchObject({ code: 0, json: { status: 'delivered' } });
    expect([branches('repo'), branches('other')]).toEqual([done.json.branch, '']);
    expect(done.stderr).toContain(`The policy names ${world.repo} for acme/calc`);
  });

  test('a repository on GitHub does not become a local one', () => {
    const done = stand({ repositories: { 'acme/calc': { host: 'github' } } });
    expect(done).toMatchObject({ code: 4, json: { error: { name: 'SecretMissing' } } });
    expect([branches('repo'), branches('other')]).toEqual(['', '']);
  });

  test('a repository that the policy does not list is where one stands', () => {
    const done = stand({ repositories: {} });
    expect(done).toMatchObject({ code: 0, json: { status: 'delivered' } });
    expect([branches('repo'), branches('other')]).toEqual(['', done.json.branch]);
  });
});
