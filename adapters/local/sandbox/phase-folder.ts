import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { layout } from '../../../sandbox/layout.ts';
import { isRoot, phaseUserId } from './isolation/unprivileged.ts';

/** Maximum length of the parent's path: `/drydock-` + 18 hex + `/gw/gw.sock` must fit a unix socket's 107 bytes. */
const maxParent = 68;

const run = promisify(execFile);

/** The folders of one phase on the host. `host` is never mounted; the sandbox sees the others. */
export interface PhaseFolder {
  root: string;
  /** User and group id of the sandbox on the host, if this process runs as root. */
  userId: number;
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
  deps: string;
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
 * which root's home does not allow. The calls are synchronous: through the thread pool, twenty small calls take ten
 * times as long.
 * @param services Names under which the phase reaches its services.
 */
export function makePhaseFolder(services: readonly string[] = []): PhaseFolder {
  const parent = isUsable(tmpdir()) ? tmpdir() : '/tmp';
  const root = join(parent, `drydock-${randomBytes(9).toString('hex')}`);
  const at = (name: string): string => join(root, name);
  const userId = isRoot() ? phaseUserId() : (process.getuid?.() ?? 0);
  const folder: PhaseFolder = {
    root,
    userId,
    host: at('host'),
    gateway: at('gw'),
    socket: at('gw/gw.sock'),
    artifacts: at('host/artifacts'),
    inputs: at('host/inputs'),
    workspace: at('workspace'),
    home: at('home'),
    out: at('out'),
    tmp: at('tmp'),
    deps: at('deps'),
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
  for (const name of [folder.workspace, folder.home, folder.out, folder.tmp, folder.deps, folder.runner]) {
    mkdirSync(name, { mode: 0o700 });
    if (isRoot()) chownSync(name, userId, userId);
  }
  // If the server process is root, it keeps the folder; the phase's user may enter it by its group.
  if (isRoot()) {
    chownSync(root, 0, userId);
    chmodSync(root, 0o710);
  }
  mkdirSync(folder.agent);
  chmodSync(folder.agent, 0o755);
  writeEtc(folder.etc, services);
  return folder;
}

/** Copies a profile's files into the phase's folder, because the unprivileged user may have no access to the original. */
export async function copyAgentFiles(from: string, folder: PhaseFolder): Promise<void> {
  await run('cp', ['-RL', '--', `${from}/.`, folder.agent]);
}

/** The folders of a phase that commands of the sandbox write into. */
const written = ['workspace', 'home', 'out', 'tmp'];

/**
 * Removes the folder of a phase. Uses `rm`, because node's own function is slow for thousands of files. Commands may
 * leave folders without rights, and Go's module cache does; any user but root needs the rights to remove what is inside.
 */
export async function removeFolder(folder: string): Promise<void> {
  const remove = () => run('rm', ['-rf', '--', folder]);
  await remove().catch(async () => {
    const left = written.map((name) => join(folder, name)).filter((path) => existsSync(path));
    await run('chmod', ['-R', 'u+rwX', '--', ...left]).catch(() => undefined); // `rm` reports what is left
    await remove();
  });
}

/** Whether a temporary folder's path is short enough for a socket below it, and open to the unprivileged user. */
function isUsable(parent: string): boolean {
  if (parent.length > maxParent) return false;
  if (!isRoot()) return true;
  for (let at = resolve(parent); at !== '/'; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
  }
  return true;
}

/** A user database without the host's users, and without a name service. */
function writeEtc(etc: string, services: readonly string[]): void {
  mkdirSync(etc, { mode: 0o755 });
  writeFileSync(
    join(etc, 'passwd'),
    `root:x:0:0:root:/:/bin/false\nagent:x:${layout.uid}:${layout.uid}:agent:${layout.home}:/bin/sh\n`,
  );
  writeFileSync(join(etc, 'group'), `root:x:0:\nagent:x:${layout.uid}:\n`);
  writeFileSync(
    join(etc, 'hosts'),
    `127.0.0.1 ${['localhost', layout.hostname, ...services].join(' ')}\n::1 localhost\n`,
  );
  writeFileSync(join(etc, 'nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
}
