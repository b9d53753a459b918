import semver from 'semver';
import { z } from 'zod';
import type { PackageManager } from '../task-spec/package-managers.ts';
import {
  type Detected,
  type Installation,
  type InstallationFault,
  inFolder,
  lineOf,
  type NpmProgram,
  type RepositoryFiles,
} from './installation.ts';

const nodeManagers = ['npm', 'pnpm', 'yarn', 'bun'] as const;
type NodeManager = (typeof nodeManagers)[number];

/** Lock files in order of preference, and whose they are. */
const lockFiles: readonly (readonly [string, NodeManager])[] = [
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
];

const text = z.string().catch('');
const table = z.record(z.string(), z.unknown()).catch({});
const manifestSchema = z.object({
  packageManager: z.string().optional().catch(undefined),
  devEngines: z
    .object({ packageManager: z.object({ name: text, version: text }).optional().catch(undefined) })
    .catch({}),
  engines: z.record(z.string(), z.unknown()).catch({}),
  scripts: table,
  dependencies: table,
  devDependencies: table,
});
export type Manifest = z.infer<typeof manifestSchema>;

/** A `package.json`; undefined if it is not valid JSON, or longer than what is read of a file. */
export function manifestOf(files: RepositoryFiles, folder: string): Manifest | undefined {
  try {
    return manifestSchema.parse(JSON.parse(files.read(inFolder(folder, 'package.json')) ?? ''));
  } catch {
    return undefined;
  }
}

interface Pinned {
  name: string;
  version: string;
  hash?: { algorithm: string; hex: string };
}

/** `pnpm@10.2.0+sha512.0a1b…` (https://nodejs.org/api/packages.html#packagemanager); undefined if it is not valid. */
function pinnedOf(value: string): Pinned | undefined {
  const match =
    /^([a-z]+)@(\d+\.\d+\.\d+(?:-[\w.]+)?)(?:\+(sha1|sha224|sha256|sha384|sha512)\.([0-9a-f]{32,128}))?$/.exec(value);
  if (match === null) return undefined;
  const [, name = '', version = '', algorithm, hex] = match;
  return { name, version, ...(algorithm && hex ? { hash: { algorithm, hex } } : {}) };
}

/** How the packages of a folder with a `package.json` are installed. */
export function detectNode(files: RepositoryFiles, folder: string, wanted?: PackageManager): Detected {
  const manifest = manifestOf(files, folder);
  const at = (name: string): string => inFolder(folder, name);
  if (!files.has(at('package.json'))) return { faults: [] };
  const locks = lockFiles.filter(([name]) => files.has(at(name)));
  const pinned = manifest?.packageManager === undefined ? undefined : pinnedOf(manifest.packageManager);
  const named = wanted ?? pinned?.name;
  const lock = locks.find(([, manager]) => manager === named) ?? (wanted === undefined ? locks[0] : undefined);
  if (lock === undefined) {
    const manager = isNodeManager(named) ? named : 'npm';
    const needs = Object.keys({ ...manifest?.dependencies, ...manifest?.devDependencies }).length > 0;
    return { faults: [], ...(needs ? { unlocked: { path: at('package.json'), manager } } : {}) };
  }
  const [name, manager] = lock;
  const own = manager === 'yarn' ? yarnPath(files, folder) : undefined;
  const program = own === undefined ? programOf(manager, files, folder, manifest, pinned) : undefined;
  if (program !== undefined && 'message' in program) return { manager, faults: [program] };
  const berry = manager === 'yarn' && isBerry(files.read(at(name)) ?? '');
  const installation: Installation = {
    manager,
    toolchain: 'node',
    folder,
    from: at(name),
    commands: [commandOf(manager, berry)],
    // Yarn 2 and later format the manifests of the project and its workspaces.
    ...(berry ? { rewrites: /(^| |\/)package\.json$/ } : {}),
    ...(program !== undefined && 'package' in program ? { program } : {}),
    ...(own === undefined ? {} : { own }),
  };
  const fromGit = gitDependencies(at(name), files.read(at(name)) ?? '');
  return { installation, faults: [], ...(fromGit.length === 0 ? {} : { fromGit }) };
}

/** Packages that a lock file takes from git: `git+ssh://git@github.com/acme/dep.git#…`, or an archive of GitHub. */
function gitDependencies(path: string, lock: string): NonNullable<Detected['fromGit']> {
  const found = new Map<string, number>();
  for (const [index, line] of lock.split('\n').entries()) {
    for (const [url] of line.matchAll(
      /\bgit\+(?:ssh|https?):\/\/[^\s"']{1,300}|https:\/\/codeload\.github\.com\/[^\s"']{1,300}/g,
    ))
      if (!found.has(url)) found.set(url, index + 1);
    if (found.size > maxGit) break;
  }
  return [...found].map(([url, line]) => ({ path, line, url }));
}

/** Packages from git that are named. */
const maxGit = 20;

const isNodeManager = (name: string | undefined): name is NodeManager =>
  (nodeManagers as readonly (string | undefined)[]).includes(name);

function commandOf(manager: NodeManager, berry: boolean): string {
  switch (manager) {
    case 'npm':
      return 'npm ci';
    case 'pnpm':
      return 'pnpm install --frozen-lockfile';
    case 'yarn':
      return berry ? 'yarn install --immutable' : 'yarn install --frozen-lockfile --non-interactive';
    case 'bun':
      return 'bun install --frozen-lockfile';
  }
}

/** Yarn 2 and later write YAML with a table of metadata; yarn 1 has a format of its own. */
const isBerry = (lock: string): boolean => /^__metadata:/m.test(lock);

/** The release of yarn that the repository itself contains. */
function yarnPath(files: RepositoryFiles, folder: string): Installation['own'] {
  const settings = files.read(inFolder(folder, '.yarnrc.yml')) ?? '';
  const path = /^yarnPath:\s*["']?([\w./@+-]+)["']?\s*$/m.exec(settings)?.[1];
  if (path === undefined || path.startsWith('/') || path.split('/').includes('..')) return undefined;
  return files.has(inFolder(folder, path)) ? { name: 'yarn', file: inFolder(folder, path) } : undefined;
}

/** The program of a manager; undefined for npm, which node brings with it. */
function programOf(
  manager: NodeManager,
  files: RepositoryFiles,
  folder: string,
  manifest: Manifest | undefined,
  pinned: Pinned | undefined,
): NpmProgram | InstallationFault | undefined {
  const path = inFolder(folder, 'package.json');
  const field = manifest?.packageManager;
  if (field !== undefined && pinned === undefined && field.startsWith(`${manager}@`)) {
    return {
      path,
      ...lineIn(files, path, /"packageManager"/),
      message: `packageManager ${JSON.stringify(field.slice(0, 100))} names no version of ${manager}`,
      remedy: `Write an exact version, such as "${manager}@${examples[manager]}".`,
    };
  }
  if (manager === 'npm') return undefined;
  // An exact version reads the lock file that it wrote, whatever the number of the format.
  const exact = pinned?.name === manager ? pinned : undefined;
  const fromLock = exact === undefined ? lockRange(manager, files, folder) : exact.version;
  if (typeof fromLock !== 'string') return fromLock;
  const version = exact?.version ?? rangeOf(manager, files, folder, manifest, fromLock);
  const hash = exact?.hash;
  switch (manager) {
    case 'pnpm':
      return {
        package: 'pnpm',
        version,
        ...(hash === undefined ? {} : { hash: { ...hash, of: 'archive' } }),
        bin: { pnpm: 'bin/pnpm.cjs', pnpx: 'bin/pnpx.cjs' },
        // Not for all commands: npm warns of variables that it does not know. Up to version 10, pnpm reads npm's.
        env: Object.fromEntries(
          ['npm', 'pnpm'].flatMap((reader) => [
            [`${reader}_config_store_dir`, '$DRYDOCK_DEPS/pnpm'],
            // Otherwise pnpm fetches the version of `packageManager` itself; it is there already.
            [`${reader}_config_manage_package_manager_versions`, 'false'],
          ]),
        ),
      };
    case 'yarn': {
      const berry = semver.satisfies(semver.minVersion(version) ?? '1.0.0', '>=2.0.0-0');
      return {
        package: berry ? '@yarnpkg/cli-dist' : 'yarn',
        version,
        ...(hash === undefined ? {} : { hash: { ...hash, of: berry ? 'program' : 'archive' } }),
        bin: { yarn: 'bin/yarn.js' },
      };
    }
    case 'bun':
      return { package: 'bun', version, bin: { bun: 'bin/bun' } };
  }
}

const examples: Record<NodeManager, string> = { npm: '11.6.2', pnpm: '10.12.1', yarn: '4.9.1', bun: '1.2.20' };

/** The version that a repository asks for, as a range within that of its lock file. */
function rangeOf(
  manager: NodeManager,
  files: RepositoryFiles,
  folder: string,
  manifest: Manifest | undefined,
  fromLock: string,
): string {
  const dev = manifest?.devEngines.packageManager;
  const engine = manifest?.engines[manager];
  const asked = [
    dev?.name === manager ? dev.version : undefined,
    manager === 'bun' ? files.read(inFolder(folder, '.bun-version'))?.trim() : undefined,
    typeof engine === 'string' ? engine : undefined,
  ].find((range) => range !== undefined && range !== '' && semver.validRange(range) !== null);
  const within = asked === undefined ? undefined : both(fromLock, asked);
  return within ?? fromLock;
}

/** The versions in both ranges; undefined if there is none. */
function both(one: string, other: string): string | undefined {
  const parts = one.split('||').flatMap((a) => other.split('||').map((b) => [a.trim(), b.trim()] as const));
  const common = parts.filter(([a, b]) => semver.intersects(a, b));
  return common.length === 0 ? undefined : common.map((pair) => pair.join(' ')).join(' || ');
}

/** The versions that write a lock file's format. */
function lockRange(manager: NodeManager, files: RepositoryFiles, folder: string): string | InstallationFault {
  if (manager === 'bun') return '^1.1.0';
  const path = inFolder(folder, manager === 'pnpm' ? 'pnpm-lock.yaml' : 'yarn.lock');
  const lock = files.read(path) ?? '';
  const pattern = manager === 'pnpm' ? /^lockfileVersion:\s*['"]?([\w.]+)/m : /^ {2}version:\s*['"]?(\d+)/m;
  if (manager === 'yarn' && !isBerry(lock)) {
    if (/^# yarn lockfile v1/m.test(lock) || lock.trim() === '') return '^1.22.0';
  } else {
    const found = pattern.exec(lock)?.[1];
    const format = found === undefined ? undefined : Number(found.split('.')[0]);
    const range = format === undefined ? undefined : formats[manager][format];
    if (range !== undefined) return range;
  }
  return {
    path,
    ...lineIn(files, path, pattern),
    message: `the format of the lock file, ${JSON.stringify(pattern.exec(lock)?.[1] ?? 'without a version')}, is not one that ${manager} writes`,
    remedy: `Write the lock file again with a current ${manager}: ${manager} install`,
  };
}

/** Formats of lock files, and the versions that write them. */
const formats: Record<'pnpm' | 'yarn' | 'npm' | 'bun', Record<number, string>> = {
  npm: {},
  bun: {},
  pnpm: { 5: '^7.0.0', 6: '^8.0.0', 9: '^10.0.0 || ^9.0.0' },
  // Yarn 3.0 wrote 4 and 5 in its candidates; 7 is one of the candidates of 4.0, and 4.17 writes 10.
  yarn: { 4: '^2.4.1', 5: '^3.0.0', 6: '^3.0.0', 7: '^4.0.0', 8: '^4.0.0', 9: '^4.0.0', 10: '^4.0.0' },
};

function lineIn(files: RepositoryFiles, path: string, pattern: RegExp): { line?: number } {
  const line = lineOf(files.read(path) ?? '', pattern);
  return line === undefined ? {} : { line };
}
