import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Traffic } from '../../../core/run/phase.ts';
import type { PhaseEnd } from '../../../core/run/phase-end.ts';
import { cli } from '../../support/cli.ts';
import { createWorld, run, type World } from '../../support/world.ts';
import { type Registry, startRegistry } from '../contract/registry-fixture.ts';

let world: World;
let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
  // It has one package, and no Node of another major.
  vi.stubEnv('npm_config_registry', registry.url);
  const resolved = 'https://registry.npmjs.org/tiny/-/tiny-1.2.3.tgz';
  const packages = {
    '': { name: 'calc', version: '1.0.0', dependencies: { tiny: '^1.0.0' } },
    'node_modules/tiny': { version: '1.2.3', resolved, integrity: registry.integrity },
  };
  world = createWorld({
    '.gitignore': 'node_modules\n',
    'package.json': JSON.stringify({
      name: 'calc',
      version: '1.0.0',
      private: true,
      type: 'module',
      scripts: { test: `node -e "if (require('tiny') !== 'tiny works') process.exit(1)"` },
      dependencies: { tiny: '^1.0.0' },
    }),
    'package-lock.json': JSON.stringify({ name: 'calc', version: '1.0.0', lockfileVersion: 3, packages }),
    'src/math.js': 'export const add = (a, b) => a - b;\n',
  });
  world.policy({ egress: { registries: ['npm'] } });
});
afterAll(() => {
  registry.close();
  vi.unstubAllEnvs();
  world.remove();
});

/** No release of Node has it. */
const sandbox = { runtime: 'node:999-slim', package_manager: 'npm', test_command: 'npm test' };

test('R13 R15 what was installed by which runtime is evidence, and what went out is on record', async () => {
  const server = await world.open();
  const view = await run(world, server, { spec: { sandbox } });
  expect(view).toMatchObject({ status: 'delivered', error: null });
  const { plan, verify } = (await server.service.evidence(view.runId)).phases as Record<string, PhaseEnd>;
  for (const phase of [plan, verify])
    expect(phase?.result?.versions).toMatchObject({
      runtime: 'node:999-slim',
      'runtime found': expect.stringMatching(/^node \d+\./),
      tiny: '1.2.3',
    });
  const body = (await server.service.evidence(view.runId)).pullRequestBody;
  expect(body).toContain('node:999-slim');
  await server.close();

  const { refusals, traffic } = cli(world, 'egress', view.runId, '--data', 'data', '--json').json as {
    refusals: unknown[];
    traffic: Traffic[];
  };
  expect(refusals).toEqual([]);
  // Once: the later phases take it from the cache.
  expect(traffic).toEqual([
    { route: 'registry', target: 'npm/tiny/-/tiny-1.2.3.tgz', bytes: expect.toSatisfy((bytes: number) => bytes > 100) },
  ]);
  expect(plan?.traffic).toEqual(traffic);
  const said = cli(world, 'egress', view.runId, '--data', 'data').stdout;
  expect(said).toContain(`1 targets reached, ${traffic[0]?.bytes} bytes`);
});

test('R13 a runtime that has to be exact and is not here: RuntimeUnavailable, and no sandbox', async () => {
  const server = await world.open({ strictRuntime: true });
  try {
    const view = await run(world, server, { attempt: 2, spec: { sandbox } });
    expect(view).toMatchObject({ status: 'failed', commit: null, error: { name: 'RuntimeUnavailable' } });
    expect(view.error?.message).toContain('node:999-slim');
    expect((await server.service.evidence(view.runId)).phases.plan).toMatchObject({ enforcer: 'none' });
  } finally {
    await server.close();
  }
});
