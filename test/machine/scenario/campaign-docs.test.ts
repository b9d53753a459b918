import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compileCache } from '../../support/child-env.ts';
import { createWorld, type World } from '../../support/world.ts';

const root = join(import.meta.dirname, '../../..');
const document = readFileSync(join(root, 'docs/campaigns.md'), 'utf8');
const section = /\n## Write one\n([\s\S]*?)\n## /.exec(document)?.[1] ?? '';

/** The files that the section shows: each block stands below a line that names its file in the code style. */
const files = [...section.matchAll(/`([\w./-]+\.(?:yaml|mjs))`[^\n]*:\n\n```(?:yaml|js)\n([\s\S]*?)```/g)];
const commands = /```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? '';

let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.remove());

test('R35 the example of campaigns.md runs as it stands', () => {
  expect(files.map(([, file]) => file)).toEqual([
    '.agent-tasks/GREET-1.yaml',
    '../greet-agent/agent.mjs',
    '../greet-agent/drydock.policy.yaml',
  ]);
  const repository = join(world.folder, 'greetings');
  cpSync(world.repo, repository, { recursive: true });
  for (const [, file = '', text = ''] of files) {
    mkdirSync(dirname(join(repository, file)), { recursive: true });
    writeFileSync(join(repository, file), text);
  }
  const [bin, home] = [join(world.folder, 'bin'), join(world.folder, 'home')];
  for (const folder of [bin, home]) mkdirSync(folder);
  const program = join(bin, 'drydock');
  writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${join(root, 'bin/drydock.ts')} "$@"\n`);
  chmodSync(program, 0o755);
  const shell = (script: string) =>
    spawnSync('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: repository,
      encoding: 'utf8',
      env: { ...compileCache, PATH: `${bin}:${process.env.PATH}`, HOME: home, LANG: 'C.UTF-8' },
      // Ends a command that hangs; a slow one is no fault.
      timeout: 300_000,
    });
  const done = shell(commands);
  expect(done.status, done.stderr + done.stdout).toBe(0);
  expect(done.stdout).toContain('.agent-tasks/GREET-1.yaml  GREET-1  valid');
  // The last command prints one JSON document, after what the others said.
  const run = JSON.parse(done.stdout.trim().split('\n').at(-1) ?? '') as { branch: string; parts: unknown[] };
  expect(run).toMatchObject({
    status: 'delivered',
    parts: ['de', 'en', 'fr'].map((id) => ({ id, status: 'done', round: 1, merged: true, error: null })),
  });
  const changed = shell(`git diff --name-only main..${run.branch}`).stdout.trim().split('\n');
  expect(changed).toEqual(['greetings/de.txt', 'greetings/en.txt', 'greetings/fr.txt']);
});
