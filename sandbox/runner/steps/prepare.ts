import { lstat, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DrydockError } from '../../../core/errors.ts';
import { lastLines } from '../../../core/text/last-lines.ts';
import { artifactNames } from '../../layout.ts';
import { commandEnvironment, ownEnvironment } from '../commands/environment.ts';
import { dependencyFiles } from '../commands/managers.ts';
import { installLocked } from '../install/locked.ts';
import { inside, type Phase, recorded, refuseAltered, step } from '../phase.ts';
import { setUp } from '../services/left-by-setup.ts';
import { startServices } from '../services/services.ts';
import { readLeft } from '../workspace/outputs.ts';

const exists = (file: string): Promise<boolean> =>
  lstat(file).then(
    (stat) => stat.isFile(),
    () => false,
  );

/** Maximum size of a package.json that is read, in bytes. */
const maxManifest = 1024 * 1024;

/**
 * Installs from the lock files, then the spec's own dependencies, starts the services, then runs the setup command. Only the first
 * preparation of a phase uses the install cache, because a second one is for another tree.
 */
export async function prepare(phase: Phase, first: boolean): Promise<void> {
  const { sandbox } = phase.spec;
  if (first) await writeDependencyFiles(phase);
  const restored = first && (await restoreInstall(phase));
  await installLocked(phase, commandEnvironment(phase), {
    without: restored,
    onlyUnpacks: first && phase.boot.onlyUnpacks,
  });
  if (!restored && first && phase.boot.keepInstall) await keepInstall(phase);
  const env = commandEnvironment(phase); // with the virtual environment that the install made
  await installDependencies(phase, env);
  if (first) await startServices(phase);
  if (sandbox.setupCommand !== undefined) await setUp(phase, sandbox.setupCommand);
  await recordVersions(phase);
}

/** Files that package managers read beside variables. No command has run yet that could have put a link in their place. */
async function writeDependencyFiles({ boot, relay }: Phase): Promise<void> {
  for (const [name, content] of Object.entries(dependencyFiles(relay, boot.paths.deps))) {
    const file = join(boot.paths.deps, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
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
      throw new DrydockError('InstallFailed', `npm install exited with ${ran.exitCode}: ${lastLines(ran.output)}`);
  }
}

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
