import { randomBytes } from 'node:crypto';
import { identity } from '../sandbox/sweep.ts';
import { type Engine, engineOutput } from './engine.ts';
import { phaseLabel } from './options.ts';

/** `drydock-<process>-<its start>-<random>`: the name tells whether the process that made it still runs. */
const pattern = /^drydock-(\d+)-(\d+)-[0-9a-f]{12}/;

/** A new name for what belongs to a phase of this process. */
export async function ownerName(): Promise<string> {
  const start = (await identity(process.pid))?.split(' ')[1] ?? '0';
  return `drydock-${process.pid}-${start}-${randomBytes(6).toString('hex')}`;
}

/** Removes the containers, with their volumes, and the networks of processes that ended without doing so. */
export async function sweepContainers(engine: Engine): Promise<void> {
  const ours = ['--filter', `label=${phaseLabel}`, '--format'];
  const containers = await left(engine, ['ps', '--all', ...ours, '{{.Names}}']);
  if (containers.length > 0) await removeContainers(engine, containers);
  for (const network of await left(engine, ['network', 'ls', ...ours, '{{.Name}}']))
    await engineOutput(engine, ['network', 'rm', network]).catch(() => undefined);
}

/** Removes containers with their volumes; those that are not there are none of its business. */
export async function removeContainers(engine: Engine, names: readonly string[]): Promise<void> {
  // Some engines would let a container that runs end by itself, for ten seconds.
  await engineOutput(engine, ['kill', ...names]).catch(() => undefined);
  await engineOutput(engine, ['rm', '--force', '--volumes', ...names]).catch(() => undefined);
}

/** The names in the output that belong to a process that has ended. */
async function left(engine: Engine, args: readonly string[]): Promise<string[]> {
  const names = (await engineOutput(engine, args).catch(() => '')).split('\n').map((name) => name.trim());
  const ended = await Promise.all(
    names.map(async (name) => {
      const [, pid, start] = pattern.exec(name) ?? [];
      if (pid === undefined) return false;
      return (await identity(Number(pid))) !== `${pid} ${start}`;
    }),
  );
  return names.filter((_, index) => ended[index]);
}
