import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import { fetchedNode } from './fetched-node.ts';
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
  const noted = (node: string, version: string): Runtime => {
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
  const found = noted(host, await versionOf(host));
  if (found.notes['runtime found'] === undefined) return found;
  const fetched = major === undefined ? undefined : await fetchedNode(major, options.dataDir);
  if (fetched !== undefined) return noted(fetched.node, fetched.version);
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
