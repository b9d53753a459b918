import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServerProcess } from '../../../../cli/local/compose.ts';
import { createWorld, run, type World } from '../../../support/world.ts';

let world: World;
let server: ServerProcess;
beforeEach(async () => {
  world = createWorld();
  server = await world.open();
});
afterEach(async () => {
  await server.close();
  world.remove();
});

const spec = (testCommand: string, more: Record<string, unknown> = {}) => ({
  sandbox: { package_manager: 'npm', runtime: 'node:24', test_command: testCommand },
  ...more,
});

describe('the repository of the work tree', () => {
  test('has the tags of its history and the target as a remote-tracking ref, for agent and tests', async () => {
    world.git('tag', 'v1.0.0');
    world.commit({ 'a.txt': 'a\n' });
    const check = 'test "$(git describe --tags --abbrev=0)" = v1.0.0 && git diff --quiet origin/main HEAD';
    world.agent(
      `execSync(${JSON.stringify(check)}); fs.writeFileSync('src/math.js', 'export const add = (a, b) => a + b;\\n');`,
    );
    expect(await run(world, server, { spec: spec(check) })).toMatchObject({ status: 'delivered', error: null });
  });

  test('has submodules at their pinned commits where the policy lists them; the others are named', async () => {
    const repository = (name: string): ((...args: string[]) => string) => {
      const folder = join(world.folder, name);
      mkdirSync(folder);
      const identity = ['-c', 'user.name=dev', '-c', 'user.email=dev@example.com', '-c', 'protocol.file.allow=always'];
      const git = (...args: string[]): string =>
        execFileSync('git', [...identity, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).trim();
      git('init', '-q', '-b', 'main');
      execFileSync('sh', ['-c', `echo pinned > ${name}.txt`], { cwd: folder });
      git('add', '--all');
      git('commit', '-q', '-m', 'pinned');
      return git;
    };
    repository('inner');
    const library = repository('lib');
    library('submodule', '--quiet', 'add', '../inner', 'in ner');
    library('commit', '-q', '-m', 'with a submodule');
    repository('private');
    const add = ['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add'];
    world.git(...add, '../lib', 'deps/lib');
    world.git(...add, join(world.folder, 'private'), 'deps/private');
    world.git('commit', '-q', '-m', 'submodules');
    execFileSync('sh', ['-c', 'echo later > lib.txt'], { cwd: join(world.folder, 'lib') });
    library('commit', '-q', '-a', '-m', 'later');
    world.policy({
      repositories: {
        'acme/calc': { host: 'git', url: './repo' },
        'acme/lib': { host: 'git', url: './lib' },
        'acme/inner': { host: 'git', url: './inner' },
      },
    });
    const has = 'grep -q pinned deps/lib/lib.txt && grep -q pinned "deps/lib/in ner/inner.txt"';
    const view = await run(world, server, { spec: spec(`${has} && test -z "$(git status --porcelain deps)"`) });
    expect(view).toMatchObject({ status: 'delivered', error: null });
    expect(view.events.find(({ type }) => type === 'submodules-missing')?.text).toBe(
      `folders of submodules are empty: deps/private (the policy lists no repository for ${join(world.folder, 'private')})`,
    );

    const needs = spec('cat deps/private/private.txt', { task_id: 'FIX-2', output_branch_prefix: 'agent/fix-2' });
    const red = await run(world, server, { spec: needs });
    expect(red).toMatchObject({ status: 'failed', error: { name: 'BaselineRed' } });
    expect(red.error?.message).toContain('Folders of submodules are empty: deps/private');
    expect(red.error?.message).not.toContain('deps/lib');
  });
});
