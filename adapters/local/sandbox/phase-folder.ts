import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { layout } from '../../../sandbox/layout.ts';
import { isRoot, unprivilegedId } from './unprivileged.ts';

/** Maximum length of the parent's path: `/drydock-` + 18 hex + `/gw/gw.sock` must fit a unix socket's 107 bytes. */
const maxParent = 68;

const run = promisify(execFile);

/** The folders of one phase on the host. `host` is never mounted; the sandbox sees the others. */
export interface PhaseFolder {
  root: string;
  host: string;
  /** Contains only the gateway's socket. */
  gateway: string;
  socket: string;
  artifacts: string;
  inputs: string;
  workspace: string;
  home: string;
  out: string;
  tmp: string;
  runner: string;
  agent: string;
  tools: string;
  etc: string;
  runnerProgram: string;
  gatewayProgram: string;
  remove(): Promise<void>;
}

/**
 * Creates a private folder with a random name. It lies in the system's temporary folder, not in the data folder: its
 * path has to be short (107 bytes for a unix socket), and the unprivileged user has to be able to enter every parent,
 * which root's home does not allow.
 */
export async function makePhaseFolder(agentFiles: string | undefined): Promise<PhaseFolder> {
  const parent = (await isUsable(tmpdir())) ? tmpdir() : '/tmp';
  const root = join(parent, `drydock-${randomBytes(9).toString('hex')}`);
  const at = (name: string): string => join(root, name);
  const folder: PhaseFolder = {
    root,
    host: at('host'),
    gateway: at('gw'),
    socket: at('gw/gw.sock'),
    artifacts: at('host/artifacts'),
    inputs: at('host/inputs'),
    workspace: at('workspace'),
    home: at('home'),
    out: at('out'),
    tmp: at('tmp'),
    runner: at('runner'),
    agent: at('agent'),
    tools: at('tools'),
    etc: at('etc'),
    runnerProgram: at('runner.cjs'),
    gatewayProgram: at('host/gateway.cjs'),
    remove: () => removeFolder(root),
  };
  await mkdir(root, { mode: 0o700 });
  await mkdir(folder.artifacts, { recursive: true });
  await mkdir(folder.inputs, { recursive: true });
  await chmod(folder.host, 0o700);
  await mkdir(folder.gateway);
  await chmod(folder.gateway, 0o711); // the sandbox's user may pass to the socket, whose own mode decides
  for (const name of [folder.workspace, folder.home, folder.out, folder.tmp, folder.runner]) {
    await mkdir(name, { mode: 0o700 });
    if (isRoot()) await chown(name, unprivilegedId, unprivilegedId);
  }
  // If the server process is root, it keeps the folder; the unprivileged user may enter it by its group.
  if (isRoot()) {
    await chown(root, 0, unprivilegedId);
    await chmod(root, 0o710);
  }
  // Copied, because the unprivileged user may have no access to the original.
  if (agentFiles !== undefined) await run('cp', ['-RL', '--', agentFiles, folder.agent]);
  await writeEtc(folder.etc);
  return folder;
}

/** Uses `rm`, because node's own function is slow for thousands of files. */
export const removeFolder = async (folder: string): Promise<void> => {
  await run('rm', ['-rf', '--', folder]);
};

/** Whether a temporary folder's path is short enough for a socket below it, and open to the unprivileged user. */
async function isUsable(parent: string): Promise<boolean> {
  if (parent.length > maxParent) return false;
  if (!isRoot()) return true;
  for (let at = resolve(parent); at !== '/'; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false;
  }
  return true;
}

/** A user database without the host's users, and without a name service. */
async function writeEtc(etc: string): Promise<void> {
  await mkdir(etc, { mode: 0o755 });
  await writeFile(
    join(etc, 'passwd'),
    `root:x:0:0:root:/:/bin/false\nagent:x:${layout.uid}:${layout.uid}:agent:${layout.home}:/bin/sh\n`,
  );
  await writeFile(join(etc, 'group'), `root:x:0:\nagent:x:${layout.uid}:\n`);
  await writeFile(join(etc, 'hosts'), `127.0.0.1 localhost ${layout.hostname}\n::1 localhost\n`);
  await writeFile(join(etc, 'nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
}
