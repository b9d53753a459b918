import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { agents } from '../../../core/agents/agents.ts';
import { type AgentName, agentNames } from '../../../core/agents/names.ts';
import { DrydockError } from '../../../core/errors.ts';
import { removeFolder } from '../sandbox/phase-folder.ts';
import { fromSources } from '../sandbox/programs.ts';

const run = promisify(execFile);
const timeoutMs = 10 * 60_000;
/** For two processes that install the same agent at the same time. */
const maxAttempts = 5;
/** Settings that people have in their own `.npmrc`, and with which the lock file or the setup would be left out. */
const npmSettings = {
  npm_config_global: 'false',
  npm_config_ignore_scripts: 'false',
  npm_config_package_lock: 'true',
};
const manifest = z.object({
  dependencies: z.record(z.string(), z.string()),
  scripts: z.record(z.string(), z.string()).default({}),
});

/** An agent as this version pins it, and as it is installed in the data folder. */
export interface AgentRow {
  name: AgentName;
  title: string;
  licence: (typeof agents)[AgentName]['licence'];
  package: string;
  /** The version that this version of Drydock pins. */
  version: string;
  /** The version in the data folder; undefined if it is not installed there. */
  installed: string | undefined;
}

/** Folder of the lock files that pin the agents, for this machine and for the images. */
const pinsFolder = (packageRoot: string): string =>
  // The package has the build contexts of the images in the place of their sources.
  join(packageRoot, fromSources ? 'sandbox/images/agents' : 'dist/images/node/agents');
const agentsFolder = (dataDir: string): string => join(dataDir, 'agents');

/** Folder of the `node_modules` of an agent that is installed in the data folder. */
export const modulesOf = (dataDir: string, name: string): string => join(agentsFolder(dataDir), name, 'node_modules');

const readManifest = async (folder: string) =>
  manifest.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')));

/** The agents that the product knows. */
export async function listAgents(packageRoot: string, dataDir: string): Promise<AgentRow[]> {
  return Promise.all(
    agentNames.map(async (name) => {
      const { dependencies } = await readManifest(join(pinsFolder(packageRoot), name));
      const [[packageName = '', version = ''] = []] = Object.entries(dependencies);
      const { title, licence } = agents[name];
      return { name, title, licence, package: packageName, version, installed: installedVersion(dataDir, name) };
    }),
  );
}

/** The version of an agent in the data folder. */
export function installedVersion(dataDir: string, name: AgentName): string | undefined {
  const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
  try {
    const modules = modulesOf(dataDir, name);
    const [[packageName = ''] = []] = Object.entries(
      manifest.parse(read(join(modules, '../package.json'))).dependencies,
    );
    return z.object({ version: z.string() }).parse(read(join(modules, packageName, 'package.json'))).version;
  } catch {
    return undefined; // it is not installed there, or not whole
  }
}

/**
 * Installs an agent into the data folder: the packages that its lock file pins, each checked against its checksum. Install
 * scripts run only where its `setup` script names their package. What was installed before stays until this is complete.
 * @throws AgentUnavailable with what npm said.
 */
export async function addAgent(packageRoot: string, dataDir: string, name: AgentName): Promise<void> {
  const folder = agentsFolder(dataDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeLeftovers(folder);
  const made = await mkdtemp(join(folder, `.add-${process.pid}-`));
  try {
    const pins = join(pinsFolder(packageRoot), name);
    for (const file of ['package.json', 'package-lock.json']) await copyFile(join(pins, file), join(made, file));
    const env = { ...process.env, ...npmSettings };
    const npm = (...args: string[]) =>
      run('npm', args, { cwd: made, env, timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024 });
    // Not `ci`, which refuses a lock file that lacks the packages of other platforms.
    await npm('install', '--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--omit=dev');
    await checkPinned(join(pins, 'package-lock.json'), made, name);
    if ((await readManifest(made)).scripts.setup !== undefined) await npm('run', 'setup');
    await replaceFolder(join(folder, name), made);
  } catch (error) {
    if (error instanceof DrydockError) throw error;
    const said = error instanceof Error ? ((error as { stderr?: unknown }).stderr ?? error.message) : String(error);
    throw new DrydockError(
      'AgentUnavailable',
      `npm could not install ${agents[name].title}: ${firstLines(String(said))}`,
      {
        remedy: 'Check that npm reaches its registry (npm ping), and try again.',
      },
    );
  } finally {
    await removeFolder(made);
  }
}

const lock = z.object({ packages: z.record(z.string(), z.object({ integrity: z.string().optional() })) });

/**
 * Some lock files lack the packages of other platforms.
 * @throws AgentUnavailable for a package that is not the one that the lock file pins.
 */
async function checkPinned(pins: string, folder: string, name: AgentName): Promise<void> {
  const read = async (file: string) => lock.parse(JSON.parse(await readFile(file, 'utf8'))).packages;
  const pinned = await read(pins);
  const installed = await read(join(folder, 'node_modules/.package-lock.json'));
  const unchecked = Object.entries(installed).flatMap(([path, { integrity }]) =>
    integrity !== undefined && pinned[path]?.integrity === integrity ? [] : [path],
  );
  if (unchecked.length === 0) return;
  throw new DrydockError(
    'AgentUnavailable',
    `This version has no checksum of ${agents[name].title} for ${process.platform} ${process.arch}: ${unchecked.join(', ')}.`,
    { remedy: 'Install it as its vendor says, so that it is in PATH.' },
  );
}

/** The first lines of npm's output give the reason of a failure; npm prints its usage after them. */
const firstLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/^npm error ?/, '').trim())
    .filter((line) => line !== '')
    .slice(0, 6)
    .join('\n');

/** Puts a folder in the place of another, which is there until then. Another process may do so at the same time. */
async function replaceFolder(target: string, made: string): Promise<void> {
  const old = `${made}.old`;
  const code = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;
  for (let attempt = 1; ; attempt += 1) {
    await removeFolder(old);
    await rename(target, old).catch((error: unknown) => {
      if (code(error) !== 'ENOENT') throw error;
    });
    try {
      await rename(made, target);
      await removeFolder(old);
      return;
    } catch (error) {
      if (attempt === maxAttempts || !['ENOTEMPTY', 'EEXIST'].includes(String(code(error)))) throw error;
    }
  }
}

/** Removes what installations left that were killed, and nothing of those that are at work. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /^\.add-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) await removeFolder(join(folder, name));
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it is another user's
  }
}

/** Removes an agent from the data folder. */
export const removeAgent = (dataDir: string, name: AgentName): Promise<void> =>
  removeFolder(join(agentsFolder(dataDir), name));
