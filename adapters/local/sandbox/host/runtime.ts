import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import { defined } from '../../../../core/defined.ts';
import { DrydockError } from '../../../../core/errors.ts';
import { isVersion, type ToolchainName, toolchainOf, versionAsked } from '../../../../core/task-spec/toolchains.ts';
import { fetchedNode } from './fetched-node.ts';
import { npmPackage, which } from './programs-in-path.ts';
import { hostToolchain } from './toolchains.ts';

const run = promisify(execFile);

export interface Runtime {
  /** Path of the node binary that runs the project. */
  node: string;
  /** Recorded in the versions of the result: the requested runtime and, if different, the one that was found. */
  notes: Record<string, string>;
  /** Folders of the host's toolchains to mount read-only: [path on the host, path inside]. */
  mounts: [string, string][];
  /** Folders of PATH inside with their programs. */
  paths: string[];
}

/**
 * `node:20-slim` → 20; `undefined` if the runtime is not Node.
 * @internal for its tests
 */
export function nodeMajor(runtime: string): number | undefined {
  const match = /^node:(\d{1,3})(?:[.-].*)?$/.exec(runtime);
  return match === null ? undefined : Number(match[1]);
}

interface RuntimeOptions {
  /** Refuses a runtime whose version the host does not have exactly. */
  strict: boolean;
  dataDir: string;
  /** Further toolchains that the repository needs, besides that of the runtime. */
  needed: readonly ToolchainName[];
}

/**
 * Resolves a runtime on the host before the phase. Node: the host's if its major version matches, otherwise one from npm
 * that is cached in the data folder, otherwise the host's, with the difference noted. Other toolchains: the host's of
 * that version, otherwise the host's, with the difference noted.
 * @throws RuntimeUnavailable if the host has no such toolchain, or with `strict` not that version.
 */
export async function resolveRuntime(wanted: string, options: RuntimeOptions): Promise<Runtime> {
  const name = toolchainOf(wanted);
  const node = await resolveNode(wanted, options);
  const runtime: Runtime = { ...node, mounts: [], paths: [] };
  if (name !== undefined && name !== 'node') delete runtime.notes['runtime found'];
  for (const each of new Set([...(name === undefined ? [] : [name]), ...options.needed])) {
    if (each === 'node') continue;
    const asked = each === name ? versionAsked(wanted, each) : undefined;
    const { version, mounts, paths } = await hostToolchain(each, asked);
    runtime.mounts.push(...mounts);
    runtime.paths.push(...paths);
    runtime.notes[each] = version;
    if (asked === undefined || isVersion(version, asked)) continue;
    runtime.notes['runtime found'] = `${each} ${version}`;
    if (options.strict) refuse(wanted, `${each} ${version}`);
  }
  return runtime;
}

function refuse(wanted: string, found: string): never {
  throw new DrydockError('RuntimeUnavailable', `the runtime ${wanted} is not available; this machine has ${found}`);
}

async function resolveNode(wanted: string, options: RuntimeOptions): Promise<Pick<Runtime, 'node' | 'notes'>> {
  const major = nodeMajor(wanted);
  // Drydock's own node is there already, and is often the wanted one although PATH names another.
  const own = major !== undefined && process.versions.node.startsWith(`${major}.`) ? process.execPath : undefined;
  const host = own ?? (await which('node')) ?? process.execPath;
  const npm = (await npmPackage())?.version;
  const noted = (node: string, version: string): Pick<Runtime, 'node' | 'notes'> => {
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
  if (major === undefined || found.notes['runtime found'] === undefined) return found;
  const fetched = await fetchedNode(major, options.dataDir);
  if (fetched !== undefined) return noted(fetched.node, fetched.version);
  if (options.strict) refuse(wanted, `node ${found.notes.node}`);
  return found;
}

/** For example `24.1.0`. Usually the binary is the node that runs this process. */
const versionOf = async (node: string): Promise<string> =>
  (await realpath(node)) === (await realpath(process.execPath))
    ? process.versions.node
    : (await run(node, ['--version'])).stdout.trim().slice(1);
