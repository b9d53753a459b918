import { DrydockError } from '../../../core/errors.ts';
import { detectAll } from '../../../core/installation/detect.ts';
import { describeFromGit } from '../../../core/installation/from-git.ts';
import type { Installation, InstallationFault } from '../../../core/installation/installation.ts';
import type { PackageManager } from '../../../core/task-spec/package-managers.ts';
import { workTreeFiles } from '../../work-tree-files.ts';
import { ownEnvironment } from '../commands/environment.ts';
import { shellScript } from '../commands/inner.ts';
import { inside, mustPassIn, type Phase } from '../phase.ts';
import { fetchProgram } from './program.ts';

/** `package-lock.json:3: the format … is not one that npm writes`. */
const describeFault = ({ path, line, message, remedy }: InstallationFault): string =>
  `${path}${line === undefined ? '' : `:${line}`}: ${message}. ${remedy}`;

/**
 * Installs what the lock files of all roots name.
 * @param without Whether the packages of the root are there already, from the cache.
 * @param onlyUnpacks Whether no package of npm runs a script: then none is run, whatever the archives hold.
 * @throws InstallFailed with all faults of the lock files, before anything is installed.
 */
export async function installLocked(
  phase: Phase,
  env: Record<string, string>,
  { without, onlyUnpacks }: { without: boolean; onlyUnpacks: boolean },
): Promise<void> {
  const { sandbox } = phase.spec;
  const files = workTreeFiles(phase.boot.paths.workspace);
  const wanted = sandbox.packageManager as PackageManager | undefined;
  const { installations, faults, unlocked, fromGit } = detectAll(files, sandbox.roots ?? ['.'], wanted);
  if (faults.length > 0) throw new DrydockError('InstallFailed', faults.map(describeFault).join('\n'));
  phase.hints = [
    ...(sandbox.setupCommand === undefined
      ? unlocked.map(
          ({ path }) => `${path} names packages, and there is no lock file beside it, so none was installed.`,
        )
      : []), // the setup command may install them
    ...fromGit.slice(0, 3).map(describeFromGit),
  ];
  for (const installation of installations) {
    if (without && installation.folder === '' && installation.manager === 'npm') continue;
    await install(phase, env, installation, files.read(installation.from) ?? '', onlyUnpacks);
  }
}

async function install(
  phase: Phase,
  env: Record<string, string>,
  { manager, folder, program, own, commands, rewrites }: Installation,
  lock: string,
  onlyUnpacks: boolean,
): Promise<void> {
  if (program !== undefined) phase.versions[manager] = await fetchProgram(phase, program);
  if (own !== undefined) await shim(phase, own.name, `${phase.boot.paths.workspace}/${own.file}`);
  const name = folder === '' ? 'install' : `install ${folder}`;
  for (const command of commands) {
    const whole = `${command}${manager === 'npm' && onlyUnpacks ? ' --ignore-scripts' : ''}`;
    const more = manager === 'npm' ? hostsToReplace(lock) : {};
    await mustPassIn(phase, { name, folder, rewrites }, whole, { ...env, ...more }, 'InstallFailed');
  }
}

/**
 * npm requests packages from the mirror instead of the host in the lock file. With `always`, npm would also replace the
 * "host" of a local archive (`file:vendor/x-1.0.0.tgz`) and of a git repository, and fail, so with one of these only the
 * public registry is replaced.
 */
const hostsToReplace = (lock: string): Record<string, string> =>
  /"resolved":\s*"(?:file:|git[+:])/.test(lock) ? { npm_config_replace_registry_host: 'npmjs' } : {};

/** Makes a command that runs a file of the work tree on node. */
async function shim(phase: Phase, name: string, file: string): Promise<void> {
  const script =
    'mkdir -p "$DRYDOCK_DEPS/bin" && printf \'#!/bin/sh\\nexec node "%s" "$@"\\n\' "$2" > "$DRYDOCK_DEPS/bin/$1" && chmod +x "$DRYDOCK_DEPS/bin/$1"';
  const ran = await inside(phase, `command ${name}`, {
    argv: [shellScript, '-c', script, 'shim', name, file],
    env: ownEnvironment(phase),
  });
  if (ran.exitCode !== 0) throw new DrydockError('InstallFailed', `the command ${name} cannot be made: ${ran.output}`);
}
