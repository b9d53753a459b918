/**
 * Changes that try to be verified while they are wrong, by every mechanism of Verify. None is delivered, and people read
 * what was found. The controls are honest changes of the same shapes.
 */
import { chmodSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Image, makeImage } from '../../support/container.ts';
import { runTasks } from '../../support/container-phase.ts';
import { shown } from '../../support/shown.ts';
import { packageRoot } from '../contract/phase-fixtures.ts';
import { byCommands } from './forgeries/commands.ts';
import { byDependencies } from './forgeries/dependencies.ts';
import { type Attempt, judged, removeWorlds } from './forgeries/forgery.ts';
import { byGit } from './forgeries/git.ts';
import { honest } from './forgeries/honest.ts';
import { byInstall } from './forgeries/install.ts';
import { byKnownFailures, knownFailure } from './forgeries/known.ts';

afterAll(removeWorlds);

describe.concurrent('not delivered', () => {
  const all = [...byGit, ...byCommands, ...byInstall, ...byDependencies, ...byKnownFailures];
  test.for(all.map((forgery) => [forgery.how, forgery] as const))('%s', async ([, forgery], { task }) => {
    const { passed, text } = await judged(forgery);
    shown(task, text);
    expect({ passed, text }).toEqual({ passed: false, text: expect.stringMatching(forgery.named) });
  });
});

describe.concurrent('verified', () => {
  const all = [...honest, knownFailure];
  test.each(all.map((attempt) => [attempt.what, attempt] as const))('%s', async (_what, attempt) => {
    expect(await judged(attempt)).toEqual({ passed: true, text: '' });
  });
});

describe('in a container', () => {
  let image: Image;
  beforeAll(async () => {
    image = await makeImage(packageRoot);
  });
  afterAll(() => image.remove());
  const inContainer = (attempt: Attempt) =>
    judged(attempt, async (world, job) => {
      chmodSync(world.root, 0o755);
      return (await runTasks(job, image)).end;
    });

  const forgeries = [...byGit, ...byCommands, ...byInstall.slice(0, 6), ...byDependencies];
  test.for(forgeries.map((forgery) => [forgery.how, forgery] as const))('not delivered: %s', async ([, forgery], {
    task,
  }) => {
    const { passed, text } = await inContainer(forgery);
    shown(task, text);
    expect({ passed, text }).toEqual({ passed: false, text: expect.stringMatching(forgery.named) });
  });
  test.each(
    honest.slice(0, 6).map((attempt) => [attempt.what, attempt] as const),
  )('verified: %s', async (_what, attempt) => {
    expect(await inContainer(attempt)).toEqual({ passed: true, text: '' });
  });
});
