/** The walls beside bubblewrap, as the contract of `PhaseRunner` sees them. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { SandboxChoice } from '../../../adapters/local/sandbox/choose-wall.ts';
import type { PhaseEvent } from '../../../core/run/phase.ts';
import { type Ended, packageRoot, runJob } from '../../machine/contract/phase-fixtures.ts';
import type { WallUnderTest } from '../../machine/contract/phase-runner-contract.ts';
import { makeImage } from '../container.ts';
import { runTasks } from '../container-phase.ts';

/** Containers on this machine, with the images that the tests built. */
export const inContainers = (): SandboxChoice => ({ driver: 'container', base: inject('debian') });

/** The containers, networks and volumes of phases that this process started. */
export function containersLeft(): string[] {
  const ask = (...args: string[]): string[] =>
    execFileSync('podman', args, { encoding: 'utf8' })
      .split('\n')
      .filter((name) => name.startsWith(`drydock-${process.pid}-`));
  return [...ask('ps', '--all', '--format', '{{.Names}}'), ...ask('network', 'ls', '--format', '{{.Name}}')];
}

/** The data folder is the temporary folder, in which the worlds are, so that what is known of the engine is found once. */
export const containers = (): WallUnderTest => ({
  run: (world, job, options = {}) =>
    runJob({ ...world, dataDir: tmpdir() }, job, { sandbox: inContainers(), ...options }),
  leftovers: () => [...containersLeft(), ...readdirSync(join(tmpdir(), 'phases'))],
  limits: true,
  unpacks: true,
});

/** One container as Fargate runs it, made by bubblewrap, and the gateway of a task (`test/support/container.ts`). */
export const fargate = (): WallUnderTest => ({
  async run(world, job): Promise<Ended> {
    chmodSync(world.root, 0o755);
    const image = await makeImage(packageRoot);
    try {
      const { end } = await runTasks(job, image);
      const lines = Buffer.from(end.artifacts.get('events.ndjson') ?? [])
        .toString('utf8')
        .split('\n');
      return { ...end, events: lines.filter(Boolean).map((line) => JSON.parse(line) as PhaseEvent) };
    } finally {
      image.remove();
    }
  },
  leftovers: () => [],
  limits: false,
  unpacks: true,
});
