/**
 * A container as Fargate runs one, as far as a process inside can tell: its own processes, nobody's rights, a read-only
 * system, folders to write in, no user namespaces, and the program as the image has it. The network stays the host's: what keeps a task
 * apart there is its VPC.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemLinks, systemMounts } from '../../adapters/local/sandbox/isolation/bubblewrap.ts';
import { unprivileged, unprivilegedId } from '../../adapters/local/sandbox/isolation/unprivileged.ts';
import { bundleProgram } from '../../adapters/local/sandbox/programs.ts';
import { layout } from '../../sandbox/layout.ts';

export interface Image {
  root: string;
  remove(): void;
}

/** What sandbox/images puts into an image: Node, its npm, the program. The runner's node may be run, and not read. */
export async function makeImage(packageRoot: string): Promise<Image> {
  const root = mkdtempSync(path.join(tmpdir(), 'dd-image-'));
  chmodSync(root, 0o755);
  const at = (name: string): string => path.join(root, name);
  for (const name of ['tools', 'tools/runner', 'tools/bin', 'etc']) mkdirSync(at(name));
  copyFileSync(process.execPath, at('tools/bin/node'));
  copyFileSync(process.execPath, at('tools/runner/node'));
  chmodSync(at('tools/bin/node'), 0o755);
  chmodSync(at('tools/runner/node'), 0o111);
  writeFileSync(at('runner.cjs'), await bundleProgram('container', packageRoot), { mode: 0o644 });
  const user = `agent:x:${layout.uid}:${layout.uid}::${layout.home}:/bin/sh\n`;
  writeFileSync(at('etc/passwd'), user);
  writeFileSync(at('etc/group'), `agent:x:${layout.uid}:\n`);
  writeFileSync(at('etc/hosts'), '127.0.0.1 localhost\n');
  writeFileSync(at('etc/nsswitch.conf'), 'hosts: files dns\n');
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

export function runContainer(
  image: Image,
  env: Record<string, string>,
): { child: ChildProcess; ended: Promise<{ code: number | null; said: string }> } {
  const writable = mkdtempSync(path.join(tmpdir(), 'dd-task-'));
  chmodSync(writable, 0o755);
  const binds = ['workspace', 'home', 'out', 'tmp', 'deps', 'agent', 'runner'].flatMap((name) => {
    const folder = path.join(writable, name);
    mkdirSync(folder);
    if (process.getuid?.() === 0) chownSync(folder, unprivilegedId, unprivilegedId);
    return ['--bind', folder, layout[name as 'workspace']];
  });
  const at = (name: string): string => path.join(image.root, name);
  const child = spawn(
    'bwrap',
    [
      ...[
        '--unshare-user',
        '--disable-userns',
        '--unshare-pid',
        '--unshare-ipc',
        '--die-with-parent',
        '--new-session',
        '--cap-drop',
        'ALL',
      ],
      ...['--uid', String(layout.uid), '--gid', String(layout.uid), '--clearenv'],
      ...Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin', ...env }).flatMap(([k, v]) => ['--setenv', k, v]),
      ...systemMounts(at('etc')).flatMap(([from, to]) => ['--ro-bind', from, to]),
      ...systemLinks().flatMap(([target, to]) => ['--symlink', target, to]),
      ...['--proc', '/proc', '--dev', '/dev'],
      ...binds,
      ...['--ro-bind', at('tools'), layout.tools, '--ro-bind', at('runner.cjs'), layout.runnerProgram],
      ...['--remount-ro', '/', '--chdir', '/', '--', `${layout.tools}/runner/node`, layout.runnerProgram],
    ],
    { ...unprivileged(), env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<{ code: number | null; said: string }>((resolve) => {
    child.once('close', (code) => {
      rmSync(writable, { recursive: true, force: true });
      resolve({ code, said });
    });
  });
  return { child, ended };
}
