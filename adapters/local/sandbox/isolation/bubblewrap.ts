import { execFile } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import { DrydockError } from '../../../../core/errors.ts';
import { boundedDevices, layout } from '../../../../sandbox/layout.ts';
import type { PhaseFolder } from '../phase-folder.ts';
import { youngGeneration } from '../programs.ts';
import { remedyHere } from './remedy.ts';
import { unprivileged } from './unprivileged.ts';

const run = promisify(execFile);

/** Parts of /etc that programs need and that disclose nothing about the host's users or services. */
const etcNames = [
  'ssl',
  'ca-certificates',
  'pki',
  'alternatives',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'mime.types',
  'python3',
  // Not Maven's settings.xml, in which a machine may keep passwords of repositories.
  'maven/m2.conf',
  'maven/logging',
];
/** Debian keeps the configuration of each Java and Python in a folder of its own. */
const etcFamilies = /^(?:java-[\w.-]+|python3\.\d+)$/;

/** Read-only parts of the host's system that both layers mount: [path on the host, path inside]. */
export function systemMounts(etc: string): [string, string][] {
  const mounts: [string, string][] = [['/usr', '/usr']];
  const families = readdirSync('/etc').filter((name) => etcFamilies.test(name));
  for (const name of [...etcNames, ...families])
    if (existsSync(`/etc/${name}`)) mounts.push([`/etc/${name}`, `/etc/${name}`]);
  for (const name of ['passwd', 'group', 'hosts', 'nsswitch.conf']) mounts.push([`${etc}/${name}`, `/etc/${name}`]);
  for (const name of ['bin', 'sbin', 'lib', 'lib32', 'lib64']) {
    if (existsSync(`/${name}`) && !lstatSync(`/${name}`).isSymbolicLink()) mounts.push([`/${name}`, `/${name}`]);
  }
  return mounts;
}

/**
 * The paths of the outer layer that the inner layer mounts, unchanged. The outer `/etc` contains only these files, so it is
 * mounted as a whole: bubblewrap takes longer for each mount, the more mounts there are.
 */
export const innerMounts = (system: readonly [string, string][]): [string, string][] =>
  [...new Set(system.map(([, to]) => (to.startsWith('/etc/') ? '/etc' : to)))].map((path) => [path, path]);

/** Symbolic links of the root on systems with a merged /usr: [target, path]. */
export function systemLinks(): [string, string][] {
  return ['bin', 'sbin', 'lib', 'lib32', 'lib64']
    .filter((name) => existsSync(`/${name}`) && lstatSync(`/${name}`).isSymbolicLink())
    .map((name) => [readlinkSync(`/${name}`), `/${name}`]);
}

/** File descriptor of the system-call filter; the programs below bubblewrap do not have it. */
export const seccompFd = 3;

interface OuterOptions {
  folder: PhaseFolder;
  /** From `systemMounts` and `systemLinks`. */
  system: [string, string][];
  links: [string, string][];
  hasAgentFiles: boolean;
  sharedMemoryMb: number;
}

/** Arguments of the outer layer: no network; only the host's system, the folders of the phase, and one socket. */
export function outerArguments({ folder, system, links, hasAgentFiles, sharedMemoryMb }: OuterOptions): string[] {
  return [
    ...['--seccomp', String(seccompFd)],
    ...['--unshare-all', '--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
    ...['--uid', String(layout.uid), '--gid', String(layout.uid), '--hostname', layout.hostname],
    '--clearenv',
    ...['--setenv', 'PATH', '/usr/local/bin:/usr/bin:/bin', '--setenv', 'LANG', 'C.UTF-8'],
    ...system.flatMap(([from, to]) => ['--ro-bind', from, to]),
    ...links.flatMap(([target, path]) => ['--symlink', target, path]),
    ...['--proc', '/proc', ...boundedDevices(sharedMemoryMb)],
    ...['--bind', folder.tmp, layout.tmp],
    ...['--bind', folder.workspace, layout.workspace],
    ...['--bind', folder.home, layout.home],
    ...['--bind', folder.deps, layout.deps],
    ...['--bind', folder.out, layout.out],
    ...['--bind', folder.runner, layout.runner],
    ...(hasAgentFiles ? ['--ro-bind', folder.agent, layout.agent] : []),
    ...['--ro-bind', folder.tools, layout.tools],
    ...['--ro-bind', folder.runnerProgram, layout.runnerProgram],
    ...['--ro-bind', folder.gateway, layout.gateway],
    ...[
      '--remount-ro',
      '/',
      '--chdir',
      '/',
      '--',
      ...['loader', 'node'].map((name) => `${layout.tools}/runner/${name}`),
    ],
    youngGeneration,
    layout.runnerProgram,
  ];
}

/** Checks that this machine can create both layers. @throws SandboxUnavailable with the remedy. */
export async function probeBubblewrap(): Promise<void> {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new DrydockError(
      'SandboxUnavailable',
      `bubblewrap needs Linux on x64 or arm64; this machine is ${process.platform} on ${process.arch}`,
      { remedy: 'Use a container engine: --sandbox container.' },
    );
  }
  const system = [
    '--ro-bind',
    '/usr',
    '/usr',
    ...systemLinks().flatMap(([target, path]) => ['--symlink', target, path]),
  ];
  const dirs = ['bin', 'lib', 'lib64'].filter(
    (name) => existsSync(`/${name}`) && !lstatSync(`/${name}`).isSymbolicLink(),
  );
  const view = [
    ...system,
    ...dirs.flatMap((name) => ['--ro-bind', `/${name}`, `/${name}`]),
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--tmpfs',
    '/tmp',
  ];
  const nested = [
    'bwrap',
    '--unshare-user',
    '--disable-userns',
    '--unshare-pid',
    '--unshare-net', // git has no network on a work tree that untrusted code wrote
    '--die-with-parent',
    ...view,
    '--',
    'true',
  ];
  try {
    await run('bwrap', ['--unshare-all', '--die-with-parent', ...view, '--', ...nested], {
      ...unprivileged(),
      cwd: '/',
      timeout: 10_000,
    });
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const message = missing
      ? 'bubblewrap (bwrap) is not installed'
      : `bubblewrap cannot create a sandbox: ${String((error as { stderr?: unknown }).stderr ?? error)
          .trim()
          .slice(0, 500)}`;
    throw new DrydockError('SandboxUnavailable', message, { remedy: remedyHere({ hasBubblewrap: !missing }) });
  }
}
