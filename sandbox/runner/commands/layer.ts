import type { BootConfig } from '../../boot.ts';
import { boundedDevices, layout } from '../../layout.ts';
import type { Folders } from '../workspace/folders.ts';

/** File descriptor on which bwrap reports the process id of the namespace's init, as seen from the outer layer. */
export const infoFd = 3;
/** File descriptor for bwrap's arguments: they set the agent's secret, and every process can read a command line. */
export const argsFd = 4;

type Boot = Pick<BootConfig, 'paths' | 'system' | 'links' | 'sharedMemoryMb'>;

/** Arguments as bwrap reads them from a file descriptor. */
export const packed = (args: readonly string[]): string => args.map((argument) => `${argument}\0`).join('');

const view = (boot: Boot, env: Readonly<Record<string, string>>): string[] => [
  ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
  ...['--uid', String(layout.uid), '--gid', String(layout.uid), '--hostname', layout.hostname],
  '--clearenv',
  ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
  ...boot.system.flatMap(([, path]) => ['--ro-bind', path, path]),
  ...boot.links.flatMap(([target, path]) => ['--symlink', target, path]),
  ...['--proc', '/proc', ...boundedDevices(boot.sharedMemoryMb)],
  // Keys of the owner's session, and how the machine was started. They can be hidden in the innermost layer only: the
  // kernel refuses a new /proc below one of which parts are hidden.
  ...['/proc/keys', '/proc/key-users', '/proc/cmdline'].flatMap((path) => ['--ro-bind-try', '/dev/null', path]),
];

/**
 * Arguments of the inner layer, up to the command.
 * @param readOnly Whether the command may not write to the work tree and the dependencies.
 */
export function innerArguments(
  boot: Boot,
  folders: Folders,
  env: Readonly<Record<string, string>>,
  readOnly: boolean,
): string[] {
  const { paths } = boot;
  const bind = readOnly ? '--ro-bind' : '--bind';
  return [
    ...['--unshare-user', '--disable-userns', '--unshare-pid', '--unshare-ipc'],
    ...['--unshare-uts', '--unshare-cgroup-try', '--info-fd', String(infoFd)],
    ...view(boot, env),
    ...(['tmp', 'home', 'out'] as const).flatMap((name) => ['--bind', folders[name], paths[name]]),
    ...[paths.workspace, paths.deps].flatMap((path) => [bind, path, path]),
    ...(paths.agent === null ? [] : ['--ro-bind', paths.agent, paths.agent]),
    ...['--ro-bind', paths.tools, paths.tools, '--remount-ro', '/', '--chdir', paths.workspace],
  ];
}

/**
 * Arguments of the layer in which the runner's git looks at a work tree that untrusted code has written: the work tree
 * and the runner's folder, no network, and no other process.
 */
export function gitArguments(boot: Boot, env: Readonly<Record<string, string>>): string[] {
  const { workspace, runner } = boot.paths;
  return [
    ...['--unshare-all', '--unshare-user', '--disable-userns'],
    ...view(boot, env),
    ...[workspace, runner].flatMap((path) => ['--bind', path, path]),
    ...['--remount-ro', '/', '--chdir', workspace],
  ];
}
