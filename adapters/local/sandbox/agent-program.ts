import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, statSync } from 'node:fs';
import { mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { DrydockError } from '../../../core/errors.ts';
import type { AgentSpec } from '../../../core/run/phase.ts';
import { layout } from '../../../sandbox/layout.ts';
import { which } from './host-tools.ts';
import { isRoot } from './isolation/unprivileged.ts';

/** Mount point in the sandbox for an agent that npm installed. */
const mountPoint = '/opt/agent/node_modules';
/** Programs that the sandbox's own PATH provides. */
export const ownTools = new Set(['node', 'npm', 'npx', 'sh', 'bash', 'git']);

interface AgentProgram {
  agent: AgentSpec | null;
  /** Folder to mount read-only: [path on the host, path inside]. */
  mount: [string, string] | undefined;
}

/**
 * Finds the program of a profile. A program that npm installed (beside drydock, or globally) lies in a `node_modules`
 * folder outside the sandbox: that folder is mounted, and a JavaScript program runs on the runner's node, whatever
 * runtime the project uses. A program under /usr, in /agent or in the project is run as written.
 * @throws AgentUnavailable if the program is not found.
 */
export async function agentProgram(
  agent: AgentSpec | null,
  packageRoot: string,
  isolation: 'bubblewrap' | 'none',
): Promise<AgentProgram> {
  const [name = '', ...args] = agent?.command ?? [];
  if (agent === null || name.includes('/') || ownTools.has(name)) return { agent, mount: undefined };
  const candidates = [join(packageRoot, 'node_modules', '.bin', name), join(packageRoot, '..', '.bin', name)];
  const found = (await firstReal(candidates)) ?? (await firstReal([await which(name)]));
  if (found === undefined) {
    throw new DrydockError('AgentUnavailable', `The agent's program ${name} is not installed.`, {
      remedy: 'Install it on this machine so that it is in PATH, or set its path in the policy.',
    });
  }
  const at = found.indexOf('/node_modules/');
  if (isolation === 'none') return { agent: { ...agent, command: [found, ...args] }, mount: undefined };
  if (at < 0) return { agent, mount: undefined };
  const from = found.slice(0, at + '/node_modules'.length);
  const program = join(mountPoint, relative(from, found));
  const run = (await isNodeScript(found)) ? [`${layout.tools}/runner/node`, program] : [program];
  return { agent: { ...agent, command: [...run, ...args] }, mount: [await reachable(from), mountPoint] };
}

async function firstReal(files: (string | undefined)[]): Promise<string | undefined> {
  for (const file of files) {
    const found = file === undefined ? undefined : await realpath(file).catch(() => undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function isNodeScript(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    const firstLine = buffer.toString('utf8', 0, bytesRead).split('\n')[0] ?? '';
    return /\.[cm]?js$/.test(file) || /^#!.*\bnode\b/.test(firstLine);
  } finally {
    await handle.close();
  }
}

/**
 * If the server process runs as root, bubblewrap runs as an unprivileged user who cannot enter another user's home. The
 * folder is then hard-linked into a folder that this user can enter, once per state of the folder.
 */
async function reachable(folder: string): Promise<string> {
  if (!isRoot()) return folder;
  const ancestors = folder.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/') || '/');
  if (ancestors.every((ancestor) => (statSync(ancestor).mode & 0o001) !== 0)) return folder;
  const key = createHash('sha256')
    .update(`${folder} ${statSync(folder).mtimeMs}`)
    .digest('hex')
    .slice(0, 16);
  const shared = join(tmpdir(), `drydock-agents-${process.getuid?.()}`);
  await mkdir(shared, { recursive: true, mode: 0o755 });
  // Another user could have created the folder first, with a program of their own in it.
  if (lstatSync(shared).uid !== process.getuid?.() || (lstatSync(shared).mode & 0o022) !== 0) {
    throw new DrydockError('AgentUnavailable', `${shared} belongs to another user.`, { remedy: `Remove ${shared}.` });
  }
  const target = join(shared, key);
  if (existsSync(target)) return target;
  const temporary = `${target}.${process.pid}`;
  const copy = promisify(execFile);
  await copy('cp', ['-al', '--', folder, temporary]).catch(async () => {
    await rm(temporary, { recursive: true, force: true });
    await copy('cp', ['-a', '--', folder, temporary]);
  });
  await rename(temporary, target).catch(() => rm(temporary, { recursive: true, force: true }));
  return target;
}
