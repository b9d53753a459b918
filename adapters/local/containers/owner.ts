import { randomBytes } from 'node:crypto';
import { identity } from '../sandbox/sweep.ts';
import { type Engine, engineOutput } from './engine.ts';
import { phaseLabel } from './options.ts';

/** `drydock-<process>-<its start>-<random>`: the name tells whether the process that made it still runs. */
const pattern = /^drydock-(\d+)-(\d+)-[0-9a-f]{12}/;

const servicePart = '-service-';
const diskPart = '-disk';
/** Name of the container of a service. */
export const serviceName = (phase: string, service: string): string => `${phase}${servicePart}${service}`;

/** Names of what belongs to a phase besides its services. */
export const phaseNames = (network: string) => ({
  network,
  gateway: `${network}-gateway`,
  sandbox: `${network}-sandbox`,
  disk: `${network}${diskPart}`,
});

/** A new name for what belongs to a phase of this process. */
export async function ownerName(): Promise<string> {
  const start = (await identity(process.pid))?.split(' ')[1] ?? '0';
  return `drydock-${process.pid}-${start}-${randomBytes(6).toString('hex')}`;
}

/** Removes the containers, with their volumes, and the networks of processes that ended without doing so. */
export async function sweepContainers(engine: Engine): Promise<void> {
  const ours = ['--filter', `label=${phaseLabel}`, '--format'];
  await remove(engine, await left(engine, ['ps', '--all', ...ours, '{{.Names}}']));
  for (const network of await left(engine, ['network', 'ls', ...ours, '{{.Name}}']))
    await engineOutput(engine, ['network', 'rm', network]).catch(() => undefined);
}

/** Removes the containers of a phase with their volumes, and its network. */
export async function removePhase(engine: Engine, name: string): Promise<void> {
  const ofPhase = ['--filter', `label=${phaseLabel}=${name}`, '--format', '{{.Names}}'];
  // The names are asked for, because an engine removes none of several if one of them is not there.
  await remove(engine, lines(await engineOutput(engine, ['ps', '--all', ...ofPhase]).catch(() => '')));
  await engineOutput(engine, ['network', 'rm', name]).catch(() => undefined);
}

/**
 * Containers that use another container are removed before it. The measuring container holds the volumes of the others, and they
 * would remain; a service is in the network of its sandbox, and some engines refuse to remove the sandbox first.
 */
async function remove(engine: Engine, containers: readonly string[]): Promise<void> {
  const place = (name: string): number => (name.endsWith(diskPart) ? 0 : name.includes(servicePart) ? 1 : 2);
  for (const at of [0, 1, 2]) {
    const some = containers.filter((name) => place(name) === at);
    if (some.length > 0) await engineOutput(engine, ['rm', '--force', '--volumes', ...some]).catch(() => undefined);
  }
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** The names in the output that belong to a process that has ended. */
async function left(engine: Engine, args: readonly string[]): Promise<string[]> {
  const names = lines(await engineOutput(engine, args).catch(() => ''));
  const ended = await Promise.all(
    names.map(async (name) => {
      const [, pid, start] = pattern.exec(name) ?? [];
      if (pid === undefined) return false;
      return (await identity(Number(pid))) !== `${pid} ${start}`;
    }),
  );
  return names.filter((_, index) => ended[index]);
}
