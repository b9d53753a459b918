import { chmodSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PhaseEnd } from '../../../../core/run/phase-end.ts';
import { type Image, makeImage } from '../../../support/container.ts';
import { runTasks } from '../../../support/container-phase.ts';
import { shown } from '../../../support/shown.ts';
import { makeJob, makeWorld, packageRoot, project, runJob, type World } from '../../contract/phase-fixtures.ts';
import { type Attempt, attempts } from './attempts.ts';
import { foundBy, holds, program } from './battery.ts';

const worlds: World[] = [];
const images: Image[] = [];
afterAll(() => {
  for (const one of worlds) one.remove();
  for (const one of images) one.remove();
});
const worldOf = (all: readonly Attempt[]): World => {
  const world = makeWorld(project, { 'agent.mjs': program(all) });
  worlds.push(world);
  return world;
};

describe.each([
  [
    'bubblewrap',
    attempts,
    async (all: readonly Attempt[]): Promise<PhaseEnd> => {
      const world = worldOf(all);
      return runJob(world, makeJob(world));
    },
  ],
  [
    'a container',
    attempts.filter(({ only }) => only === undefined),
    async (all: readonly Attempt[]): Promise<PhaseEnd> => {
      const world = worldOf(all);
      chmodSync(world.root, 0o755);
      const image = await makeImage(packageRoot);
      images.push(image);
      return (await runTasks(makeJob(world), image)).end;
    },
  ],
] as const)('in %s, an agent', (_name, all, run) => {
  let results: Record<string, unknown> = {};
  beforeAll(async () => {
    results = foundBy(await run(all));
  });
  test.for(all.map((attempt, index) => [attempt.name, attempt, index] as const))('%s', ([, attempt, index], {
    task,
  }) => {
    const result = results[index];
    shown(task, result);
    expect(result, 'the attempt did not run').not.toBeUndefined();
    expect(holds(attempt, result), `it got ${JSON.stringify(result)}`).toBe(true);
  });
});
