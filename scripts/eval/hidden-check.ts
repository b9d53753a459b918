import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const timeoutMs = 60_000;

/**
 * Runs the check and then says a word that it alone has read. What was delivered runs in the same process: it may end it as if all were well, or replace
 * the assertions.
 */
const around = `import assert from 'node:assert';
import { readFileSync, writeSync } from 'node:fs';
const word = readFileSync(0, 'utf8');
for (const each of [assert, assert.strict]) Object.freeze(each);
await import('/check.mjs');
writeSync(1, word);`;

/**
 * Runs the hidden check of a task on what was delivered. The files are of an agent, so they run in a sandbox without network, which sees
 * nothing of this machine but its programs.
 * @returns what the check says; undefined if it passes.
 */
export async function checkDelivered(
  folder: string,
  repo: string,
  branch: string,
  check: string,
): Promise<string | undefined> {
  const tree = join(folder, 'delivered');
  mkdirSync(tree);
  await run('git', ['archive', '--format=tar', '--output', join(folder, 'delivered.tar'), branch], { cwd: repo });
  await run('tar', ['-xf', join(folder, 'delivered.tar'), '-C', tree]);
  const node = realpathSync(process.execPath);
  const system = ['/usr', '/bin', '/lib', '/lib64'].flatMap((path) => ['--ro-bind-try', path, path]);
  const args = [
    ...['--unshare-all', '--die-with-parent', '--new-session', '--clearenv'],
    ...system,
    ...['--ro-bind', dirname(node), '/node', '--bind', tree, '/work', '--ro-bind', check, '/check.mjs'],
    ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--chdir', '/work'],
    ...['--setenv', 'PATH', '/node:/usr/bin:/bin', '/node/node', '--input-type=module', '--eval', around],
  ];
  const word = randomBytes(16).toString('hex');
  try {
    const running = run('bwrap', args, { timeout: timeoutMs, maxBuffer: 2 ** 20 });
    running.child.stdin?.on('error', () => undefined).end(word);
    return (await running).stdout.includes(word) ? undefined : 'hidden check: it was ended before its end';
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    const line = stderr.split('\n').find((each) => /Error/.test(each)) ?? String(error);
    return `hidden check: ${line.trim().slice(0, 200)}`;
  }
}
