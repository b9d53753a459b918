import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DrydockError } from '../../../core/errors.ts';
import { artifactNames } from '../../layout.ts';
import { commandEnvironment, ownEnvironment } from '../commands/environment.ts';
import { inside, mustPass, type Phase, recorded, refuseAltered, step } from '../phase.ts';
import { readLeft } from '../workspace/outputs.ts';

const exists = (file: string): Promise<boolean> =>
  lstat(file).then(
    (stat) => stat.isFile(),
    () => false,
  );

/** Maximum size of a package.json that is read, in bytes. */
const maxManifest = 1024 * 1024;

/** Lock files in order of preference, and the command that installs exactly their content. */
const managers = [
  { name: 'npm', lock: 'package-lock.json', command: 'npm ci' },
  { name: 'npm', lock: 'npm-shrinkwrap.json', command: 'npm ci' },
  { name: 'pnpm', lock: 'pnpm-lock.yaml', command: 'pnpm install --frozen-lockfile' },
  { name: 'yarn', lock: 'yarn.lock', command: 'yarn install --frozen-lockfile' },
] as const;

/**
 * Installs from the lock file, then the spec's own dependencies, then runs the setup command. Only the first
 * preparation of a phase uses the install cache, because a second one is for another tree.
 */
export async function prepare(phase: Phase, first: boolean): Promise<void> {
  const { sandbox } = phase.spec;
  const env = commandEnvironment(phase);
  const restored = first && (await restoreInstall(phase));
  if (!restored) {
    await installLocked(phase, env, first && phase.boot.onlyUnpacks);
    if (first && phase.boot.keepInstall) await keepInstall(phase);
  }
  await installDependencies(phase, env);
  if (sandbox.setupCommand !== undefined) await mustPass(phase, 'setup', sandbox.setupCommand, env, 'InstallFailed');
  await recordVersions(phase);
}

/** @param onlyUnpacks Whether no package runs a script: then none is run, whatever the archives hold. */
async function installLocked(phase: Phase, env: Record<string, string>, onlyUnpacks: boolean): Promise<void> {
  const { sandbox } = phase.spec;
  const { workspace } = phase.boot.paths;
  const wanted = sandbox.packageManager;
  if (wanted !== undefined && !managers.some((m) => m.name === wanted)) {
    throw new DrydockError('InstallFailed', `the package manager ${wanted} is not supported; use npm, pnpm or yarn`);
  }
  for (const manager of managers) {
    if (wanted !== undefined && manager.name !== wanted) continue;
    if (!(await exists(join(workspace, manager.lock)))) continue;
    const lock = await readFile(join(workspace, manager.lock), 'utf8');
    const command = `${manager.command}${onlyUnpacks ? ' --ignore-scripts' : ''}`;
    await mustPass(phase, 'install', command, { ...env, ...hostsToReplace(lock) }, 'InstallFailed');
    break;
  }
}

/** Installs the spec's own dependencies, which no lock file names. */
async function installDependencies(phase: Phase, env: Record<string, string>): Promise<void> {
  const { sandbox } = phase.spec;
  if (sandbox.dependencies.length > 0) {
    // An argument array, not a shell string: dependencies are text from the spec.
    const argv = ['npm', 'install', '--no-save', '--', ...sandbox.dependencies];
    const ran = await recorded(phase, 'install dependencies', argv.join(' '), argv, env);
    if (ran.exitCode !== 0)
      throw new DrydockError('InstallFailed', `npm install exited with ${ran.exitCode}: ${ran.output.slice(-2_000)}`);
  }
}

/**
 * npm requests packages from the mirror instead of the host in the lock file. With `always`, npm would also replace the
 * "host" of a local archive (`file:vendor/x-1.0.0.tgz`) and fail, so with such an archive only the public registry is
 * replaced.
 */
const hostsToReplace = (lock: string): Record<string, string> =>
  /"resolved":\s*"file:/.test(lock) ? { npm_config_replace_registry_host: 'npmjs' } : {};

/** Unpacks the install of an earlier phase with the same lock file, if the launcher has it cached. */
async function restoreInstall(phase: Phase): Promise<boolean> {
  if (!phase.spec.inputs.includes(artifactNames.install)) return false;
  return step(phase, 'install from cache', async () => {
    const tar = await phase.gateway.stream(`/inputs/${artifactNames.install}`);
    const ran = await inside(phase, 'install', {
      argv: ['tar', '-xf', '-'],
      env: ownEnvironment(phase),
      stdin: tar,
    });
    if (ran.exitCode !== 0)
      throw new DrydockError('InstallFailed', `the cached install could not be unpacked: ${ran.output}`);
    refuseAltered('install from cache', ran);
    return true;
  });
}

/** Uploads the installed dependencies. No agent has run yet in this phase, so they match the lock file. */
async function keepInstall(phase: Phase): Promise<void> {
  const { workspace } = phase.boot.paths;
  if (!(await exists(join(workspace, 'node_modules/.package-lock.json')))) return;
  await step(phase, 'keep install', async () => {
    let sent: Promise<void> = Promise.resolve();
    const ran = await inside(phase, 'keep install', {
      argv: ['tar', '-cf', '-', 'node_modules'],
      env: ownEnvironment(phase),
      stdout: (stream) => (sent = phase.gateway.put(artifactNames.install, stream)),
    });
    await sent;
    if (ran.exitCode !== 0) throw new DrydockError('InstallFailed', `the install could not be packed: ${ran.output}`);
  });
}

/** The exact versions of the runtime and of the project's direct dependencies, as evidence. */
async function recordVersions(phase: Phase): Promise<void> {
  Object.assign(phase.versions, phase.boot.notes);
  const { workspace } = phase.boot.paths;
  const direct = directDependencies(await readJson(join(workspace, 'package.json')));
  for (const name of [...direct, ...phase.spec.sandbox.dependencies.map(packageName)]) {
    const found = await readJson(join(workspace, 'node_modules', name, 'package.json'));
    const version = isRecord(found) ? found.version : undefined;
    if (typeof version === 'string' && /^[\w.+-]{1,100}$/.test(version)) phase.versions[name] = version;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse((await readLeft(file, maxManifest)) ?? 'null');
  } catch {
    return undefined; // evidence only: a package without a readable manifest has no version
  }
}

/**
 * `@scope/name@^1.2` → `@scope/name`.
 * @internal for its tests
 */
export const packageName = (dependency: string): string => dependency.replace(/(?<=.)@.*$/, '');

/** @internal for its tests */
export function directDependencies(manifest: unknown): string[] {
  if (!isRecord(manifest)) return [];
  return ['dependencies', 'devDependencies']
    .flatMap((field) => Object.keys(isRecord(manifest[field]) ? manifest[field] : {}))
    .filter((name) => /^(@[\w.-]+\/)?[\w.-]+$/.test(name) && !name.includes('..'));
}
