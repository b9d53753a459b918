import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BootConfig } from '../../boot.ts';
import type { Folders } from '../workspace/folders.ts';
import { endOthers } from './container.ts';
import { argsFd, infoFd, innerArguments, packed } from './layer.ts';
import { Tail } from './tail.ts';

/** Prefers bash, as CI hosts do; minimal images only have sh. */
export const shellScript = existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';

export interface InnerCommand {
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  timeoutMs: number;
  stdin?: Uint8Array | Readable;
  /** Receives the command's stdout, which is then not in the tail. */
  stdout?: (stream: Readable) => Promise<void>;
  onOutput?: (chunk: Buffer, stream: 'stdout' | 'stderr') => void;
}

export interface Ran {
  /** Null if a signal ended it. */
  exitCode: number | null;
  timedOut: boolean;
  ms: number;
  /** The last 16 KiB of both streams in order of arrival, with secrets replaced. */
  output: string;
}

/**
 * The inner layer: all untrusted code runs here. It has its own process, user and IPC namespaces, has neither the
 * gateway's socket nor the runner's folder, and cannot see the runner. In a container this layer is not possible
 * (docs/adr/0010). In both cases, when this resolves, all processes that the command started have ended, so they cannot
 * affect the next step.
 */
export async function runInner(boot: BootConfig, folders: Folders, command: InnerCommand): Promise<Ran> {
  const start = performance.now();
  const sealed = boot.isolation === 'bubblewrap';
  const argv = sealed ? ['bwrap', '--args', String(argsFd), '--', ...command.argv] : [...command.argv];
  const child = spawn(argv[0] ?? 'false', argv.slice(1), {
    cwd: boot.paths.workspace,
    // bwrap itself does not get the command's environment: LD_PRELOAD in it would act outside the inner layer.
    env: sealed ? { PATH: '/usr/bin:/bin' } : { ...command.env },
    // Without isolation, the process group is used to kill all processes together.
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
      // it has ended already
    }
  };
  const { stdin, stdout, stderr } = child;
  preferAsVictim(child.pid);
  const settings = child.stdio[argsFd];
  if (settings instanceof Writable) {
    settings.on('error', () => undefined); // without bwrap, nothing reads it
    settings.end(sealed ? packed(innerArguments(boot, folders, command.env)) : '');
  }
  child.stdio[infoFd]?.on('data', (chunk: Buffer) => {
    const match = /"child-pid":\s*(\d+)/.exec(chunk.toString());
    if (match !== null) init = Number(match[1]);
  });
  stdin.on('error', () => undefined); // a command may not read its input
  if (command.stdin === undefined) stdin.end();
  else if (command.stdin instanceof Uint8Array) stdin.end(command.stdin);
  else command.stdin.pipe(stdin);

  const tail = new Tail();
  const take =
    (stream: 'stdout' | 'stderr') =>
    (chunk: Buffer): void => {
      tail.push(chunk);
      command.onOutput?.(chunk, stream);
    };
  const taken = command.stdout?.(stdout);
  if (taken === undefined) stdout.on('data', take('stdout'));
  stderr.on('data', take('stderr'));

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
 * bwrap returns when its first child ends. The kernel kills the other processes when that namespace's init exits, and
 * init becomes a zombie only after that, so this waits for the zombie.
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

/** If memory runs out, the kernel should kill the command and not the runner, which reports the failure. */
function preferAsVictim(pid: number | undefined): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '500');
  } catch {
    // it has ended, or this is not permitted; the launcher detects a killed runner
  }
}
