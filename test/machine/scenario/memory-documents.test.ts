import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compileCache } from '../../support/child-env.ts';
import { createWorld, type World } from '../../support/world.ts';

const root = join(import.meta.dirname, '../../..');
let world: World;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => world.remove());

/** The first block of commands of a document, which stands under "A complete example". */
function exampleOf(document: string): string {
  const text = readFileSync(join(root, 'docs', document), 'utf8');
  const example = /## A complete example\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(text)?.[1];
  if (example === undefined) throw new Error(`${document} has no complete example`);
  return example;
}

test.each([
  ['runbooks.md', /write-guide-[0-9a-f]{8} +version 1 +delivered +0 rework/],
  ['knowledge.md', /guides +1 run +\$0\.00 +before: no runs +after: 0 % of 1 reworked/],
])('R8 R36 the example of %s runs as it stands', (document, ends) => {
  const bin = join(world.folder, 'bin');
  const home = join(world.folder, 'home');
  for (const folder of [bin, home]) mkdirSync(folder);
  const program = join(bin, 'drydock');
  writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${join(root, 'bin/drydock.ts')} "$@"\n`);
  chmodSync(program, 0o755);
  const git = { GIT_AUTHOR_NAME: 'me', GIT_AUTHOR_EMAIL: 'me@example.com' };
  const done = spawnSync('bash', ['-euo', 'pipefail', '-c', exampleOf(document)], {
    cwd: world.repo,
    encoding: 'utf8',
    env: {
      ...{ ...compileCache, ...git, GIT_COMMITTER_NAME: 'me', GIT_COMMITTER_EMAIL: 'me@example.com' },
      ...{ PATH: `${bin}:${process.env.PATH}`, HOME: home, LANG: 'C.UTF-8', DRYDOCK_USER: 'me' },
    },
    // Ends a command that hangs; a slow one is no fault.
    timeout: 300_000,
  });
  expect(done.stderr + done.stdout).toMatch(ends);
  expect(done.status).toBe(0);
});
