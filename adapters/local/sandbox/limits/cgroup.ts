import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PhaseLimits } from '../../../../core/run/phase.ts';
import { counter, limitHit } from '../../../../sandbox/limit-hit.ts';

interface Cgroup {
  name: 'cgroup2' | 'cgroup1';
  /** Moves processes into the group that are not in it yet. */
  add(pids: readonly number[]): Promise<void>;
  /** Removes the group. Resolves with the limit that was hit, if any. */
  close(): Promise<string | undefined>;
}

const cgroupMount = '/sys/fs/cgroup';
/** Period of a CPU quota in microseconds: the kernel's default. */
const cpuPeriodUs = 100_000;

/** Creates a control group with the limits and moves the process into it; `undefined` if this user may not. */
export async function joinCgroup(limits: PhaseLimits, pid: number): Promise<Cgroup | undefined> {
  const id = `drydock-${randomBytes(6).toString('hex')}`;
  return (await joinV2(id, limits, pid)) ?? (await joinV1(id, limits, pid));
}

const read = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

async function joinV2(id: string, limits: PhaseLimits, pid: number): Promise<Cgroup | undefined> {
  const own = /^0::(\/.*)$/m.exec(await read('/proc/self/cgroup'))?.[1];
  // Groups can be created beside the process's own group (delegated by systemd) or below the root (by root).
  const parents = [own === undefined ? undefined : join(cgroupMount, dirname(own)), cgroupMount].filter(
    (p) => p !== undefined,
  );
  for (const parent of parents) {
    const controllers = (await read(join(parent, 'cgroup.controllers'))).split(/\s/);
    if (!controllers.includes('memory') || !controllers.includes('pids')) continue;
    const folder = join(parent, id);
    try {
      await writeFile(join(parent, 'cgroup.subtree_control'), '+memory +pids').catch(() => undefined);
      await mkdir(folder);
      await writeFile(join(folder, 'memory.max'), String(limits.memoryMb * 1024 * 1024));
      await writeFile(join(folder, 'memory.swap.max'), '0').catch(() => undefined);
      await writeFile(join(folder, 'pids.max'), String(limits.pids));
      await writeFile(join(folder, 'cpu.max'), `${Math.round(limits.cpu * cpuPeriodUs)} ${cpuPeriodUs}`).catch(
        () => undefined,
      );
      await move(folder, [pid]);
    } catch {
      await remove(folder);
      continue;
    }
    return {
      name: 'cgroup2',
      add: (pids) => move(folder, pids),
      async close() {
        const oom = counter(await read(join(folder, 'memory.events')), 'oom_kill');
        const forks = counter(await read(join(folder, 'pids.events')), 'max');
        await remove(folder);
        return limitHit(limits, { oom, forks });
      },
    };
  }
  return undefined;
}

async function joinV1(id: string, limits: PhaseLimits, pid: number): Promise<Cgroup | undefined> {
  const memory = join(cgroupMount, 'memory', id);
  const processes = join(cgroupMount, 'pids', id);
  const cpu = join(cgroupMount, 'cpu', id);
  const all = [memory, processes, cpu];
  try {
    await mkdir(memory);
    await mkdir(processes);
    await writeFile(join(memory, 'memory.limit_in_bytes'), String(limits.memoryMb * 1024 * 1024));
    await writeFile(join(processes, 'pids.max'), String(limits.pids));
    await move(memory, [pid]);
    await move(processes, [pid]);
  } catch {
    await Promise.all(all.map(remove));
    return undefined;
  }
  await joinCpuV1(cpu, limits, pid).catch(() => undefined); // without a quota the phase only slows other processes
  return {
    name: 'cgroup1',
    async add(pids) {
      await move(memory, pids);
      await move(processes, pids);
      await move(cpu, pids).catch(() => undefined);
    },
    async close() {
      const oom = counter(await read(join(memory, 'memory.oom_control')), 'oom_kill');
      const forks = counter(await read(join(processes, 'pids.events')), 'max');
      await Promise.all(all.map(remove));
      return limitHit(limits, { oom, forks });
    },
  };
}

async function joinCpuV1(folder: string, limits: PhaseLimits, pid: number): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, 'cpu.cfs_period_us'), String(cpuPeriodUs));
  await writeFile(join(folder, 'cpu.cfs_quota_us'), String(Math.round(limits.cpu * cpuPeriodUs)));
  await move(folder, [pid]);
}

/** Each move waits for all processors, so processes that already are in the group are skipped. */
async function move(folder: string, pids: readonly number[]): Promise<void> {
  const file = join(folder, 'cgroup.procs');
  const inside = new Set((await read(file)).split('\n').map(Number));
  for (const pid of pids) {
    if (inside.has(pid)) continue;
    await writeFile(file, String(pid)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ESRCH') throw error; // the process has ended
    });
  }
}

/** The kernel releases a group shortly after its last process has ended; until then removal fails with EBUSY. */
async function remove(folder: string): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    try {
      await rmdir(folder);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') return;
      await sleep(20);
    }
  }
}
