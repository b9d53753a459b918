import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { type Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BootConfig } from '../../boot.ts';
import type { Folders } from '../workspace/folders.ts';
import { endOthers } from './container.ts';
import { argsFd, infoFd, innerArguments, packed } from './layer.ts';

export interface Inner {
  child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Ends the command and all processes that it started. */
  kill(): void;
  /** Resolves when all processes that the command started have ended; to be called after it has ended itself. */
  gone(): Promise<void>;
}

/**
 * Starts a command in an inner layer of its own.
 * @param readOnly Whether it may not write to the work tree and the dependencies.
 */
export function spawnInner(
  boot: BootConfig,
  folders: Folders,
  { argv, env }: { argv: readonly string[]; env: Readonly<Record<string, string>> },
  readOnly: boolean,
): Inner {
  const sealed = boot.isolation === 'bubblewrap';
  const [program = 'false', ...args] = sealed ? ['bwrap', '--args', String(argsFd), '--', ...argv] : argv;
  const child = spawn(program, args, {
    cwd: boot.paths.workspace,
    // bwrap itself does not get the command's environment: LD_PRELOAD in it would act outside the inner layer.
    env: sealed ? { PATH: '/usr/bin:/bin' } : { ...env },
    // Without isolation, the process group is used to kill all processes together.
    detached: !sealed,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  preferAsVictim(child.pid);
  const settings = child.stdio[argsFd];
  if (settings instanceof Writable) {
    settings.on('error', () => undefined); // without bwrap, nothing reads it
    settings.end(sealed ? packed(innerArguments(boot, folders, env, readOnly)) : '');
  }
  let init: number | undefined;
  child.stdio[infoFd]?.on('data', (chunk: Buffer) => {
    const match = /"child-pid":\s*(\d+)/.exec(chunk.toString());
    if (match !== null) init = Number(match[1]);
  });
  child.stdin.on('error', () => undefined); // a command may not read its input
  const kill = (): void => {
    if (child.pid === undefined) return;
    try {
      if (sealed) child.kill('SIGKILL');
      else process.kill(-child.pid, 'SIGKILL');
    } catch {
      // it has ended already
    }
  };
  return {
    child,
    kill,
    async gone() {
      if (sealed) await namespaceGone(init);
      else if (boot.isolation === 'container') await endOthers();
      else kill();
    },
  };
}

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
