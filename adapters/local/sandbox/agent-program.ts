import { open, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { DrydockError } from '../../../core/errors.ts';
import type { AgentSpec } from '../../../core/run/phase.ts';
import { layout } from '../../../sandbox/layout.ts';
import { modulesOf } from '../agents/installed.ts';
import { which } from './host/programs-in-path.ts';
import { reachable } from './host/reachable.ts';

/** Mount points in the sandbox for an agent that npm installed, and for one that is a single program. */
const mountPoint = '/opt/agent/node_modules';
const programPoint = '/opt/agent/bin';
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
 * runtime the project uses. Another program outside of /usr is mounted alone. A program under /usr, in /agent or in the
 * project is run as written.
 * @throws AgentUnavailable if the program is not found.
 */
export async function agentProgram(
  agent: AgentSpec | null,
  { packageRoot, dataDir }: { packageRoot: string; dataDir: string },
  isolation: 'bubblewrap' | 'none',
): Promise<AgentProgram> {
  const [name = '', ...args] = agent?.command ?? [];
  if (agent === null || name.includes('/') || ownTools.has(name)) return { agent, mount: undefined };
  const candidates = [
    // What `drydock agents add` installed is of the version that this version was tried with.
    ...(agent.known === undefined ? [] : [join(modulesOf(dataDir, agent.known), '.bin', name)]),
    join(packageRoot, 'node_modules', '.bin', name),
    join(packageRoot, '..', '.bin', name),
  ];
  const found = (await firstReal(candidates)) ?? (await firstReal([await which(name)]));
  if (found === undefined) {
    const remedy =
      agent.known === undefined
        ? 'Install it on this machine so that it is in PATH, or set its path in the policy.'
        : `Install it: drydock agents add ${agent.known}`;
    throw new DrydockError('AgentUnavailable', `The agent's program ${name} is not installed.`, { remedy });
  }
  const at = found.indexOf('/node_modules/');
  if (isolation === 'none') return { agent: { ...agent, command: [found, ...args] }, mount: undefined };
  if (at < 0) {
    if (found.startsWith('/usr/')) return { agent, mount: undefined };
    // Installers of agents put one program below a folder of the user, such as ~/.local.
    const program = `${programPoint}/${name}`;
    return { agent: { ...agent, command: [program, ...args] }, mount: [await reachable(found), program] };
  }
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
