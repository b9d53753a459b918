import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { BootConfig } from '../../boot.ts';
import type { Folders } from '../workspace/folders.ts';
import { spawnInner } from './spawn-inner.ts';
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
  /** Ends the command, as far as it has not ended. */
  stop?: AbortSignal;
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
  const { child, kill, gone } = spawnInner(boot, folders, command, false);
  const { stdin, stdout, stderr } = child;
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

  command.stop?.addEventListener('abort', kill, { once: true });
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
  await gone();
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
