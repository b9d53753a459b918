import { renameSync } from 'node:fs';
import { expect, test } from 'vitest';
import { neededToolchains } from '../../../../../adapters/local/sandbox/base-files.ts';
import { makeJob, makeWorld } from '../../../../machine/contract/phase-fixtures.ts';

test('the phases of a run read the manifests of their base once; a failure is not kept', async () => {
  const files = { 'go.mod': 'module x\n\ngo 1.22\n', 'package.json': '{}', 'package-lock.json': '{}' };
  const world = makeWorld(files);
  const away = `${world.baseRepository}.away`;
  try {
    renameSync(world.baseRepository, away);
    expect(await neededToolchains(makeJob(world))).toEqual([]);
    renameSync(away, world.baseRepository);
    const needed = await neededToolchains(makeJob(world));
    expect([...needed].sort()).toEqual(['go', 'node']);
    expect(await neededToolchains(makeJob(world, { sandbox: { roots: ['other'] } }))).toEqual([]);
    renameSync(world.baseRepository, away);
    expect(await neededToolchains(makeJob(world))).toEqual(needed);
  } finally {
    world.remove();
  }
});
