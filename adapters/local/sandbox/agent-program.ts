import { open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { DrydockError } from '../../../core/errors.ts';
import { which } from './tools.ts';

/** Where an agent that is installed through npm is seen inside the sandbox. */
const insideFolder = '/opt/agents/node_modules';

export interface AgentProgram {
  /** As it is run inside. */
  command: string[];
  /** Folder of the host that is mounted read-only, and where. */
  mount?: { from: string; to: string };
}

/**
 * Finds the program of a profile. One that npm installed (beside drydock, or globally) lies in some `node_modules` that
 * the sandbox does not have: that folder is mounted, and a JavaScript program is run by the runner's own node, whatever
 * runtime the project has. Anything under /usr, at /agent or in the project is run as it is written.
 * @throws AgentUnavailable when it is nowhere.
 */
export async function agentProgram(command: string[], packageRoot: string, toolsInside: string): Promise<AgentProgram> {
  const [name = '', ...args] = command;
  if (name.includes('/')) return { command };
  const beside = path.join(packageRoot, 'node_modules', '.bin', name);
  const above = path.join(packageRoot, '..', '.bin', name);
  const found = (await real(beside)) ?? (await real(above)) ?? (await real(await which(name)));
  if (found === undefined) {
    // node, npm and what a setup command installs are found inside, by the sandbox's own path
    if (name === 'node' || name === 'npm' || name === 'npx') return { command };
    throw new DrydockError('AgentUnavailable', `The agent's program ${name} is not installed.`, {
      remedy: `Install it where drydock runs, so that it is on the path, or give its path in the policy.`,
    });
  }
  const at = found.indexOf('/node_modules/');
  if (at < 0 || name === 'node' || name === 'npm' || name === 'npx') return { command };
  const from = found.slice(0, at + '/node_modules'.length);
  const program = path.join(insideFolder, path.relative(from, found));
  const run = (await isNodeScript(found)) ? [`${toolsInside}/runner/node`, program] : [program];
  return { command: [...run, ...args], mount: { from, to: insideFolder } };
}

const real = async (file: string | undefined): Promise<string | undefined> =>
  file === undefined ? undefined : realpath(file).catch(() => undefined);

async function isNodeScript(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    const start = buffer.toString('utf8', 0, bytesRead);
    return /\.[cm]?js$/.test(file) || /^#!.*\bnode\b/.test(start.split('\n')[0] ?? '');
  } finally {
    await handle.close();
  }
}
