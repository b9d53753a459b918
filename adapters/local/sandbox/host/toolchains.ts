import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { DrydockError } from '../../../../core/errors.ts';
import { isVersion, type ToolchainName } from '../../../../core/task-spec/toolchains.ts';
import { which } from './programs-in-path.ts';
import { reachable } from './reachable.ts';

const run = promisify(execFile);

/** A toolchain of the host, as a sandbox uses it. */
export interface HostToolchain {
  version: string;
  /** Folders outside of the system's, to mount read-only: [path on the host, path inside]. */
  mounts: [string, string][];
  /** Folders of PATH inside. */
  paths: string[];
}

/** First line of what a program prints; undefined if it cannot be run. */
async function ask(program: string, args: readonly string[]): Promise<string[] | undefined> {
  // Not in the current folder, where version managers look for the version that a project asks for.
  const { stdout, stderr } = await run(program, args, { cwd: '/', timeout: 20_000 }).catch(() => ({
    stdout: undefined,
    stderr: '',
  }));
  return stdout === undefined ? undefined : `${stdout}\n${stderr}`.split('\n').map((line) => line.trim());
}

interface Found {
  /** Folder that holds the whole toolchain. */
  home: string;
  version: string;
  /** Folder of its programs, below its home. */
  bin: string;
}

const asPython = async (program: string): Promise<Found | undefined> => {
  const [home, version] =
    (await ask(program, ['-c', 'import sys, platform\nprint(sys.base_prefix)\nprint(platform.python_version())'])) ??
    [];
  return home && version ? { home, version, bin: 'bin' } : undefined;
};

/** The Pythons of a machine, those of the wanted version first. */
async function pythons(asked: string | undefined): Promise<string[]> {
  const pyenv = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const kept = (await readdir(pyenv).catch(() => []))
    .filter((name) => asked !== undefined && (name === asked || name.startsWith(`${asked}.`)))
    .map((name) => join(pyenv, name, 'bin/python3'));
  const named = asked === undefined ? [] : [await which(`python${asked.split('.').slice(0, 2).join('.')}`)];
  const all = [...named, ...kept, '/usr/bin/python3', await which('python3')];
  return all.filter((program) => program !== undefined).filter(existsSync);
}

const finders: Record<Exclude<ToolchainName, 'node'>, (asked: string | undefined) => Promise<Found[]>> = {
  async python(asked) {
    const found = await Promise.all((await pythons(asked)).map(asPython));
    return found.filter((each) => each !== undefined);
  },
  async java() {
    const homes = [process.env.JAVA_HOME && join(process.env.JAVA_HOME, 'bin/java'), await which('java')];
    const found = await Promise.all(
      homes.map(async (program) => {
        const lines = program ? await ask(program, ['-XshowSettings:properties', '-version']) : undefined;
        const of = (name: string): string | undefined =>
          lines?.find((line) => line.startsWith(`${name} = `))?.slice(name.length + 3);
        const [home, version] = [of('java.home'), of('java.version')];
        return home && version ? [{ home, version, bin: 'bin' }] : [];
      }),
    );
    return found.flat();
  },
  async go() {
    const lines = await ask((await which('go')) ?? 'go', ['env', 'GOROOT', 'GOVERSION']);
    const [home, version] = lines ?? [];
    return home && version ? [{ home, version: version.replace(/^go/, ''), bin: 'bin' }] : [];
  },
  async rust() {
    const rustc = (await which('rustc')) ?? 'rustc';
    const [home] = (await ask(rustc, ['--print', 'sysroot'])) ?? [];
    const version = /^rustc (\d+\.\d+\.\d+)/.exec((await ask(rustc, ['--version']))?.[0] ?? '')?.[1];
    return home && version ? [{ home, version, bin: 'bin' }] : [];
  },
};

/** Programs that build a project of the toolchain and have a folder of their own. */
const builders: Partial<Record<ToolchainName, readonly string[]>> = { java: ['mvn', 'gradle'] };

const inSystem = (folder: string): boolean => folder === '/usr' || folder.startsWith('/usr/');

const names: Record<ToolchainName, string> = { node: 'Node', python: 'Python', java: 'Java', go: 'Go', rust: 'Rust' };

/**
 * Finds a toolchain on the host: of the asked version if there is one, otherwise of another.
 * @throws RuntimeUnavailable if the host has none.
 */
export async function hostToolchain(
  name: Exclude<ToolchainName, 'node'>,
  asked: string | undefined,
): Promise<HostToolchain> {
  const all = await finders[name](asked);
  const found = all.find(({ version }) => asked !== undefined && isVersion(version, asked)) ?? all[0];
  if (found === undefined) {
    throw new DrydockError('RuntimeUnavailable', `this machine has no ${names[name]}`, {
      remedy: `Install ${names[name]} on this machine, or run the task in containers.`,
    });
  }
  const toolchain: HostToolchain = { version: found.version, mounts: [], paths: [] };
  await add(toolchain, await realpath(found.home), found.bin);
  // Programs of the wrong version could come first in PATH otherwise.
  if (name === 'python' && inSystem(found.home)) toolchain.paths.push(join(found.home, 'bin'));
  for (const builder of builders[name] ?? []) {
    const program = await which(builder).then((file) => file && realpath(file));
    if (program !== undefined && program !== '') await add(toolchain, dirname(dirname(program)), 'bin');
  }
  return toolchain;
}

/** Mounted at its own path, because some toolchains have it written into their programs. */
async function add(toolchain: HostToolchain, home: string, bin: string): Promise<void> {
  if (inSystem(home)) return;
  toolchain.mounts.push([await reachable(home), home]);
  toolchain.paths.push(join(home, bin));
}
