import { layout, sharedMemoryOf } from '../../../sandbox/layout.ts';
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
  ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--init', '--pull', 'never'],
  // An engine that is told to remove a container lets it end by itself for this long.
  ...['--stop-timeout', '1'],
  ...[...proxies, ...proxies.map((name) => name.toLowerCase())].flatMap((name) => ['--env', `${name}=`]),
];

/**
 * Options of a sandbox container, the same as those of its task on Fargate (lib/sandbox/tasks.ts) and more. The volumes that
 * the image declares are new and empty.
 * @param seccomp File with the filter of system calls.
 */
export const sandboxOptions = (
  { kind }: Engine,
  start: StartOptions,
  limits: { cpu: number; memoryMb: number; pids: number },
  seccomp: string,
): string[] => [
  ...['--security-opt', `seccomp=${seccomp}`, ...dialects[kind].sandbox],
  ...['--user', `${layout.uid}:${layout.uid}`, '--hostname', layout.hostname],
  ...['--memory', `${limits.memoryMb}m`, '--memory-swap', `${limits.memoryMb}m`],
  ...['--pids-limit', String(limits.pids), ...(start.limitsCpu ? ['--cpus', String(limits.cpu)] : [])],
  ...['--shm-size', `${sharedMemoryOf(limits.memoryMb)}m`],
  // No resolver answers here.
  ...['--dns', '127.0.0.1'],
];
