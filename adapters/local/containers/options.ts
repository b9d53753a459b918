import type { ServiceSpec } from '../../../core/run/phase.ts';
import { folderMbOf, layout, sharedMemoryOf } from '../../../sandbox/layout.ts';
import { dialects, type Engine } from './engine.ts';

/** What an engine needs on this machine to start a container; found by trying. */
export interface StartOptions {
  /** Name of the runtime; absent: the engine's own. */
  runtime?: string;
  /** `nofile` and `nproc`, where the engine may not raise those of this process. */
  ulimits: readonly string[];
  /** False where the engine cannot limit the CPU, as without root where that control group is not delegated. */
  limitsCpu: boolean;
}

/** The label of all that belongs to a phase. */
export const phaseLabel = 'dev.drydock.phase';

const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'FTP_PROXY'];

/**
 * Options of every container: it writes to its volumes only, has no capability and cannot get one. An engine hands the
 * proxy of its own configuration to containers, with its password; here it is empty.
 */
export const commonOptions = (engine: Engine, start: StartOptions): string[] => [
  ...(start.runtime === undefined ? [] : ['--runtime', start.runtime]),
  ...start.ulimits.flatMap((limit) => ['--ulimit', limit]),
  ...dialects[engine.kind].readOnly,
  ...dialects[engine.kind].logs,
  ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--init', '--pull', 'never'],
  // An engine that is told to remove a container lets it end by itself for this long.
  ...['--stop-timeout', '1'],
  ...[...proxies, ...proxies.map((name) => name.toLowerCase())].flatMap((name) => ['--env', `${name}=`]),
];

interface Limits {
  cpu: number;
  memoryMb: number;
  pids: number;
}

/**
 * Options of a container that a phase does not trust.
 * @param seccomp File with the filter of system calls.
 */
const confinedOptions = ({ kind }: Engine, start: StartOptions, limits: Limits, seccomp: string): string[] => [
  ...['--security-opt', `seccomp=${seccomp}`, ...dialects[kind].confined],
  ...['--memory', `${limits.memoryMb}m`, '--memory-swap', `${limits.memoryMb}m`],
  ...['--pids-limit', String(limits.pids), ...(start.limitsCpu ? ['--cpus', String(limits.cpu)] : [])],
  ...['--shm-size', `${sharedMemoryOf(limits.memoryMb)}m`],
];

/**
 * Options of a sandbox container, the same as those of its task on Fargate (lib/sandbox/tasks.ts) and more. The volumes that
 * the image declares are new and empty.
 * @param seccomp File with the filter of system calls.
 */
export const sandboxOptions = (engine: Engine, start: StartOptions, limits: Limits, seccomp: string): string[] => [
  ...confinedOptions(engine, start, limits, seccomp),
  ...dialects[engine.kind].sandbox,
  ...['--user', `${layout.uid}:${layout.uid}`, '--hostname', layout.hostname],
  // No resolver answers here.
  ...['--dns', '127.0.0.1'],
];

/**
 * A folder in memory, new and empty, that the user of the container can write to. It belongs to that user, because runtimes
 * before runc 1.2 give it the mode of the image's folder, whatever is asked for.
 */
function folderOptions({ kind }: Engine, path: string, sizeMb: number, user: string | undefined): string[] {
  const size = `${sizeMb}m`;
  if (dialects[kind].folder === 'mount')
    return ['--mount', `type=tmpfs,destination=${path},tmpfs-size=${size},tmpfs-mode=0700,notmpcopyup,noexec,U=true`];
  const [uid, gid] = user?.split(':') ?? [];
  const owner = uid === undefined ? 'mode=1777' : `mode=0700,uid=${uid}${gid === undefined ? '' : `,gid=${gid}`}`;
  return ['--tmpfs', `${path}:rw,noexec,nosuid,nodev,size=${size},${owner}`];
}

/**
 * Options of the container of a service, the same as those of its container on Fargate (lib/sandbox/services.ts) and more: the
 * network of the sandbox, so that it has no other way out, and a user that is not root.
 * @param sandbox Name of the sandbox's container.
 */
export const serviceOptions = (
  engine: Engine,
  start: StartOptions,
  limits: Limits,
  seccomp: string,
  sandbox: string,
  { env, user, folders = [] }: Pick<ServiceSpec, 'env' | 'user' | 'folders'>,
): string[] => [
  ...confinedOptions(engine, start, limits, seccomp),
  ...['--network', `container:${sandbox}`, ...dialects[engine.kind].service],
  ...(user === undefined ? [] : ['--user', user]),
  ...folders.flatMap((path) => folderOptions(engine, path, folderMbOf(limits.memoryMb), user)),
  // Not through the environment of the command line, which has variables of its own.
  ...Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
];
