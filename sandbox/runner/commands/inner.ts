import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BootConfig } from '../../boot.ts';
import { layout } from '../../layout.ts';
import { endOthers } from './container.ts';
import { Tail } from './tail.ts';

/** Prefer bash, as CI hosts do; a minimal image has only sh. */
export const shellScript = existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';

/** Where bwrap tells the process id of the namespace's init, as seen from the outer layer. */
const infoFd = 3;
/** Where bwrap reads its arguments: the agent's secret is in the environment they set, and a command line is for all to see. */
const argsFd = 4;

export interface InnerCommand {
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  timeoutMs: number;
  stdin?: Uint8Array | Readable;
  /** Takes what the command prints on stdout, instead of the tail. */
  stdout?: (stream: Readable) => Promise<void>;
  onOutput?: (chunk: Buffer) => void;
}

export interface Ran {
  /** Null when a signal ended it. */
  exitCode: number | null;
  timedOut: boolean;
  ms: number;
  /** The last 16 KiB, both streams as they came, secrets replaced. */
  output: string;
}

/**
 * The inner layer: everything untrusted runs here. It has its own process, user and IPC namespaces, neither the
 * gateway's socket nor the runner's folder, and cannot see the runner. In a container there is no such layer to be had
 * (docs/adr/0010). Either way, when a command ends every process it started is gone before this resolves: nothing of it
 * reaches the next step.
 */
export async function runInner(boot: BootConfig, command: InnerCommand): Promise<Ran> {
  const start = performance.now();
  const sealed = boot.isolation === 'bubblewrap';
  const argv = sealed ? ['bwrap', '--args', String(argsFd), '--', ...command.argv] : [...command.argv];
  const child = spawn(argv[0] ?? 'false', argv.slice(1), {
    cwd: boot.paths.workspace,
    // bwrap itself gets nothing of the command's environment: LD_PRELOAD in it would act outside the inner layer.
    env: sealed ? { PATH: '/usr/bin:/bin' } : { ...command.env },
    // Without isolation the process group is what can be ended together.
    detached: !sealed,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  let init: number | undefined;
  const kill = (): void => {
    if (child.pid === undefined) return;
    try {
      if (sealed) child.kill('SIGKILL');
      else process.kill(-child.pid, 'SIGKILL');
    } catch {
      // gone already
    }
  };
  const { stdin, stdout, stderr } = child;
  preferAsVictim(child.pid);
  const settings = child.stdio[argsFd];
  if (settings instanceof Writable) {
    settings.on('error', () => undefined); // a program without bwrap does not read it
    settings.end(
      sealed
        ? innerArguments(boot, command.env)
            .map((argument) => `${argument}\0`)
            .join('')
        : '',
    );
  }
  child.stdio[infoFd]?.on('data', (chunk: Buffer) => {
    const match = /"child-pid":\s*(\d+)/.exec(chunk.toString());
    if (match !== null) init = Number(match[1]);
  });
  stdin.on('error', () => undefined); // a command need not read its input
  if (command.stdin === undefined) stdin.end();
  else if (command.stdin instanceof Uint8Array) stdin.end(command.stdin);
  else command.stdin.pipe(stdin);

  const tail = new Tail();
  const take = (chunk: Buffer): void => {
    tail.push(chunk);
    command.onOutput?.(chunk);
  };
  const taken = command.stdout?.(stdout);
  if (taken === undefined) stdout.on('data', take);
  stderr.on('data', take);

  let timedOut = false;
  const timer = setTimeout(
    () => {
      timedOut = true;
      kill();
    },
    Math.min(command.timeoutMs, 2 ** 31 - 1),
  );
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  }).finally(() => clearTimeout(timer));
  if (sealed) await namespaceGone(init);
  else if (boot.isolation === 'container') await endOthers();
  else kill();
  await Promise.all([drained(stdout), drained(stderr), taken]);
  return {
    exitCode,
    timedOut,
    ms: Math.round(performance.now() - start),
    output: tail.text([boot.runnerSecret, boot.agentSecret]),
  };
}

const drained = (stream: Readable): Promise<void> =>
  stream.closed ? Promise.resolve() : new Promise((resolve) => void stream.once('close', () => resolve()));

/**
 * bwrap returns when its first child ends; the kernel ends the others as that namespace's init exits, and only then
 * does init become a zombie. Waiting for that closes the gap.
 */
async function namespaceGone(init: number | undefined): Promise<void> {
  while (init !== undefined) {
    try {
      const stat = readFileSync(`/proc/${init}/stat`, 'utf8');
      if (stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) === 'Z') return;
    } catch {
      return;
    }
    await sleep(2);
  }
}

/** When memory runs out the kernel should end what runs inside, not the runner that reports it. */
function preferAsVictim(pid: number | undefined): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '500');
  } catch {
    // gone already, or not permitted; the launcher tells a killed runner from its side
  }
}

/** Arguments of the inner layer, up to the command. */
export function innerArguments(
  boot: Pick<BootConfig, 'paths' | 'system' | 'links'>,
  env: Readonly<Record<string, string>>,
): string[] {
  const { paths } = boot;
  return [
    ...[
      '--unshare-user',
      '--disable-userns',
      '--unshare-pid',
      '--unshare-ipc',
      '--unshare-uts',
      '--unshare-cgroup-try',
    ],
    ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--info-fd', String(infoFd)],
    ...['--uid', String(layout.uid), '--gid', String(layout.uid), '--hostname', layout.hostname],
    '--clearenv',
    ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
    ...boot.system.flatMap(([, path]) => ['--ro-bind', path, path]),
    ...boot.links.flatMap(([target, path]) => ['--symlink', target, path]),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...[paths.tmp, paths.workspace, paths.home, paths.out].flatMap((path) => ['--bind', path, path]),
    ...(paths.agent === null ? [] : ['--ro-bind', paths.agent, paths.agent]),
    ...['--ro-bind', paths.tools, paths.tools, '--chdir', paths.workspace],
  ];
}
