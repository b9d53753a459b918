import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { layout } from '../../../sandbox/layout.ts';
import { ownerIsRoot, UNPRIVILEGED } from './unprivileged.ts';

/** Leaves room for `/drydock-` + 18 hex + `/gw/gw.sock` within a unix socket's 107 bytes. */
const MAX_PARENT = 68;

const run = promisify(execFile);

/** The folders of one phase on the host. `host` is never mounted; the others are what the sandbox sees. */
export interface PhaseFolder {
  root: string;
  host: string;
  /** Holds nothing but the gateway's socket. */
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
 * A new private folder. It lies in the system's temporary folder and not in the data folder: its path has to be short
 * (a unix socket's may have 107 bytes), and every user on the way down has to be able to pass, which a root owner's
 * home does not allow. Its name cannot be guessed. It is made in one go: the kernel answers at once, and handing twenty
 * small calls to threads takes ten times as long.
 */
export function makePhaseFolder(): PhaseFolder {
  const parent = suits(tmpdir()) ? tmpdir() : '/tmp';
  const root = path.join(parent, `drydock-${randomBytes(9).toString('hex')}`);
  const at = (name: string): string => path.join(root, name);
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
  mkdirSync(root, { mode: 0o700 });
  mkdirSync(folder.artifacts, { recursive: true });
  mkdirSync(folder.inputs, { recursive: true });
  chmodSync(folder.host, 0o700);
  mkdirSync(folder.gateway);
  chmodSync(folder.gateway, 0o711); // the sandbox's user may pass to the socket, whose own mode decides
  for (const name of [folder.workspace, folder.home, folder.out, folder.tmp, folder.runner]) {
    mkdirSync(name, { mode: 0o700 });
    if (ownerIsRoot()) chownSync(name, UNPRIVILEGED, UNPRIVILEGED);
  }
  // A root owner keeps the folder itself; the unprivileged user may pass through it by group.
  if (ownerIsRoot()) {
    chownSync(root, 0, UNPRIVILEGED);
    chmodSync(root, 0o710);
  }
  mkdirSync(folder.agent);
  chmodSync(folder.agent, 0o755);
  writeEtc(folder.etc);
  return folder;
}

/** Copies a profile's files into the phase's folder, since they may lie where the unprivileged user cannot go. */
export async function copyAgentFiles(from: string, folder: PhaseFolder): Promise<void> {
  await run('cp', ['-RL', '--', `${from}/.`, folder.agent]);
}

/** `rm`, since node's own takes long for thousands of files. */
export const removeFolder = async (folder: string): Promise<void> => {
  await run('rm', ['-rf', '--', folder]);
};

/** Whether a temporary folder's path is short enough for a socket below it, and open to the unprivileged user. */
function suits(parent: string): boolean {
  if (parent.length > MAX_PARENT) return false;
  if (!ownerIsRoot()) return true;
  for (let at = path.resolve(parent); at !== '/'; at = path.dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
  }
  return true;
}

/** A user database that names nobody of the host, and no name service. */
function writeEtc(etc: string): void {
  mkdirSync(etc, { mode: 0o755 });
  writeFileSync(
    path.join(etc, 'passwd'),
    `root:x:0:0:root:/:/bin/false\nagent:x:${layout.uid}:${layout.uid}:agent:${layout.home}:/bin/sh\n`,
  );
  writeFileSync(path.join(etc, 'group'), `root:x:0:\nagent:x:${layout.uid}:\n`);
  writeFileSync(path.join(etc, 'hosts'), `127.0.0.1 localhost ${layout.hostname}\n::1 localhost\n`);
  writeFileSync(path.join(etc, 'nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
}
