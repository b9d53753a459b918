import { chmodSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blobsByPath, changeManifest } from '../../../../core/run/change-set.ts';
import type { PhaseEnd } from '../../../../core/run/phase-end.ts';
import { type Image, makeImage } from '../../../support/container.ts';
import { runTasks } from '../../../support/container-phase.ts';
import { makeJob, makeWorld, packageRoot, project, runJob, type World } from '../../contract/phase-fixtures.ts';
import { type Attempt, attempts, prelude } from './attempts.ts';

/** All attempts of one sandbox, at most eight at a time: some of them wait for an answer that does not come. */
const program = (all: readonly Attempt[]): string =>
  [
    prelude,
    `const waiting = [${all.map(({ tries }) => `async () => { ${tries} }`).join(',\n')}].entries();`,
    'await Promise.all(Array.from({ length: 8 }, async () => { for (const [index, f] of waiting) await attempt(index, f); }));',
    'process.exit(0);',
  ].join('\n');

/** What the agent wrote down. */
function foundBy(end: PhaseEnd): Record<string, unknown> {
  const [manifest, blobs] = [end.artifacts.get('changeset.json'), end.artifacts.get('changeset.blobs')];
  if (!manifest || !blobs) throw new Error(`the phase left no change: ${JSON.stringify({ ...end, artifacts: null })}`);
  const files = blobsByPath({ manifest: changeManifest.parse(JSON.parse(Buffer.from(manifest).toString())), blobs });
  return JSON.parse(Buffer.from(files.get('found.json') ?? []).toString('utf8')) as Record<string, unknown>;
}

const holds = ({ held }: Attempt, result: unknown): boolean => {
  if (typeof held === 'function') return (held as (result: unknown) => boolean)(result);
  if (held instanceof RegExp) return held.test(JSON.stringify(result));
  return JSON.stringify(held) === JSON.stringify(result);
};

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
  test.each(all.map((attempt, index) => [attempt.name, attempt, index] as const))('%s', (_what, attempt, index) => {
    const result = results[index];
    expect(result, 'the attempt did not run').not.toBeUndefined();
    expect(holds(attempt, result), `it got ${JSON.stringify(result)}`).toBe(true);
  });
});
