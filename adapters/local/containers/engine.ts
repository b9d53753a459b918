import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { DrydockError } from '../../../core/errors.ts';
import { which } from '../sandbox/host/programs-in-path.ts';

/** Command lines of container engines, first choice first. They take the same arguments, but for those of `dialects`. */
const programs = ['docker', 'podman', 'nerdctl'] as const;
type EngineKind = (typeof programs)[number];

/** A container engine that answers. */
export interface Engine {
  /** Path of its command line. */
  program: string;
  /** By what it says of itself: `docker` may be podman. */
  kind: EngineKind;
  /** For people: `podman 4.3.1`. */
  name: string;
}

interface Dialect {
  /** Options of a network without a way out, in which this machine has no address. */
  internalNetwork: readonly string[];
  /** Options of a container that cannot write to its root, and whose own files are not hidden. */
  readOnly: readonly string[];
  /** Options by which the engine keeps nothing of what a container prints: it could fill the disk of this machine. */
  logs: readonly string[];
  /** Options of what a phase does not trust: no sight of what the machine's kernel was started with. */
  confined: readonly string[];
  /** Options of a sandbox: no IPv6 beyond loopback, where a link would give itself an address that reaches this machine. */
  sandbox: readonly string[];
  /** Options of a service: its image names no programs that the engine runs from time to time. */
  service: readonly string[];
  /** Whether a container gets names by an option, or by a file that is copied into it before it starts. */
  hosts: 'option' | 'file';
  /** How a folder in memory is written that belongs to the user of a container. */
  folder: 'tmpfs' | 'mount';
  /** The network with a way out. */
  outerNetwork: string;
}

export const dialects: Record<EngineKind, Dialect> = {
  docker: {
    internalNetwork: ['--internal', '--opt', 'com.docker.network.bridge.inhibit_ipv4=true'],
    readOnly: ['--read-only'],
    logs: ['--log-driver', 'none'],
    confined: [],
    // The link of a network without IPv6 has none.
    sandbox: [],
    service: ['--no-healthcheck'],
    hosts: 'option',
    folder: 'tmpfs',
    outerNetwork: 'bridge',
  },
  podman: {
    // Its resolver would forward names to the internet, and gives this machine an address in the network.
    internalNetwork: ['--internal', '--disable-dns'],
    // By default it mounts empty folders over /run and /tmp, and writes the names of this machine to /etc/hosts; without
    // those it adds no name either.
    readOnly: ['--read-only', '--read-only-tmpfs=false', '--no-hosts'],
    logs: ['--log-driver', 'none'],
    confined: ['--security-opt', 'mask=/proc/cmdline'],
    sandbox: ['--sysctl', 'net.ipv6.conf.eth0.disable_ipv6=1'],
    service: ['--no-healthcheck'],
    hosts: 'file',
    folder: 'mount',
    outerNetwork: 'podman',
  },
  nerdctl: {
    internalNetwork: ['--internal'],
    readOnly: ['--read-only'],
    // It attaches to what it keeps.
    logs: ['--log-opt', 'max-size=1m', '--log-opt', 'max-file=2'],
    confined: [],
    sandbox: ['--sysctl', 'net.ipv6.conf.eth0.disable_ipv6=1'],
    service: [],
    hosts: 'option',
    folder: 'tmpfs',
    outerNetwork: 'bridge',
  },
};

const maxOutput = 16 * 1024 * 1024;
const answerMs = 30_000;

/** Looks for an engine on the PATH that answers. @throws EngineMissing with what was found. */
export async function findEngine(): Promise<Engine> {
  const silent: string[] = [];
  for (const name of programs) {
    const program = await which(name);
    if (program === undefined) continue;
    try {
      const said = await output(program, ['--version']);
      // Fails where there is only a command line, and no engine behind it.
      await output(program, ['version']);
      const kind = programs.find((each) => said.toLowerCase().includes(each)) ?? name;
      return { program, kind, name: `${kind} ${/\d{1,9}(?:\.\d{1,9}){1,3}/.exec(said)?.[0] ?? ''}`.trim() };
    } catch (error) {
      silent.push(`${name}: ${reason(error)}`);
    }
  }
  if (silent.length === 0) {
    throw new DrydockError('EngineMissing', `There is no container engine on the PATH (${programs.join(', ')}).`);
  }
  throw new DrydockError('EngineMissing', `No container engine answers. ${silent.join(' ')}`, {
    remedy: 'Start the engine (Docker Desktop, or `sudo systemctl start docker`), and allow this user to use it.',
  });
}

/** Runs a command of the engine, and returns what it prints. @throws Error with the end of its stderr. */
export async function engineOutput(
  { program }: Engine,
  args: readonly string[],
  options: { timeoutMs?: number; env?: Record<string, string> } = {},
): Promise<string> {
  return output(program, args, options);
}

/** Whether a command of the engine succeeds. */
export const succeeds = (engine: Engine, args: readonly string[]): Promise<boolean> =>
  engineOutput(engine, args).then(
    () => true,
    () => false,
  );

/** Starts a command of the engine that runs for long; it has pipes for all three streams. */
export const engineChild = ({ program }: Engine, args: readonly string[], env: Record<string, string> = {}) =>
  spawn(program, args, { cwd: '/', env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });

async function output(
  program: string,
  args: readonly string[],
  { timeoutMs = answerMs, env = {} }: { timeoutMs?: number; env?: Record<string, string> } = {},
): Promise<string> {
  const run = promisify(execFile)(program, args, {
    cwd: '/',
    env: { ...process.env, ...env },
    maxBuffer: maxOutput,
    timeout: timeoutMs,
  });
  run.child.stdin?.end();
  return (await run).stdout.trim();
}

/** What an engine said about a command that failed, in one line. */
export function reason(error: unknown): string {
  const { stderr, message } = error as { stderr?: unknown; message?: string };
  const said = typeof stderr === 'string' && stderr.trim() !== '' ? stderr : (message ?? String(error));
  return said.trim().replaceAll(/\s+/g, ' ').slice(-500);
}

/** Whether the kernel ended a process of a container at its limit of memory. */
export async function wasOutOfMemory(engine: Engine, container: string): Promise<boolean> {
  const said = await engineOutput(engine, ['inspect', '--format', '{{.State.OOMKilled}}', container]).catch(() => '');
  return said === 'true';
}
