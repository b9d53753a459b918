import { execFile } from 'node:child_process';
import { mkdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const timeoutMs = 60_000;

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
    ...['--setenv', 'PATH', '/node:/usr/bin:/bin', '/node/node', '/check.mjs'],
  ];
  try {
    await run('bwrap', args, { timeout: timeoutMs, maxBuffer: 2 ** 20 });
    return undefined;
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    const line = stderr.split('\n').find((each) => /Error/.test(each)) ?? String(error);
    return `hidden check: ${line.trim().slice(0, 200)}`;
  }
}
