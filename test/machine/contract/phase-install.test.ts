import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Ended, makeJob, makeWorld, project, runJob, type World } from './phase-fixtures.ts';
import { type Registry, startRegistry } from './registry-fixture.ts';

let registry: Registry;
const worlds: World[] = [];
beforeAll(async () => {
  registry = await startRegistry();
  vi.stubEnv('npm_config_registry', registry.url);
});
afterAll(() => {
  registry.close();
  vi.unstubAllEnvs();
  for (const world of worlds) world.remove();
});

const uses = "const t = require('tiny'); if (t !== 'tiny works') throw new Error(t);\n";
const manifest = { name: 'x', version: '1.0.0', dependencies: { tiny: '^1.0.0' }, scripts: { test: 'node test.cjs' } };
const lock = () => ({
  name: 'x',
  version: '1.0.0',
  lockfileVersion: 3,
  packages: {
    '': { name: 'x', version: '1.0.0', dependencies: { tiny: '^1.0.0' } },
    'node_modules/tiny': {
      version: '1.2.3',
      resolved: 'https://registry.npmjs.org/tiny/-/tiny-1.2.3.tgz',
      integrity: registry.integrity,
    },
  },
});
const locked = () => ({
  'package.json': JSON.stringify(manifest),
  'package-lock.json': JSON.stringify(lock()),
  'test.cjs': uses,
});
const make = (files: Record<string, string>, agent = ''): World => {
  const world = makeWorld(files, { 'agent.mjs': agent });
  worlds.push(world);
  return world;
};
const steps = (end: Ended): string[] =>
  end.events.flatMap((e) => (e.type === 'step' && e.status === 'passed' ? [e.name] : []));
const plan = { phase: 'plan', agent: null, baseline: true } as const;
const cached = (world: World): string[] => {
  const folder = path.join(world.dataDir, 'installs');
  return existsSync(folder) ? readdirSync(folder) : [];
};

test('R13: the lock file is installed through the mirror, versions are evidence, the next phase finds it cached', async () => {
  const world = make(locked());
  registry.requests.length = 0;
  const first = await runJob(world, makeJob(world, { spec: plan, registries: ['npm'] }));
  expect(first.result).toMatchObject({ outcome: 'planned', baseline: 'green', versions: { tiny: '1.2.3' } });
  expect(steps(first)).toContain('install');
  expect(first.artifacts.has('install.tar')).toBe(false);
  expect(registry.requests.map((r) => `${r.method} ${r.path}`)).toContain('GET /mirror/tiny/-/tiny-1.2.3.tgz');
  expect(registry.requests.every((r) => r.authorization === undefined)).toBe(true);
  expect(cached(world)).toHaveLength(1);

  registry.requests.length = 0;
  const second = await runJob(world, makeJob(world, { spec: { phase: 'verify', agent: null } }));
  expect(second.result).toMatchObject({ outcome: 'verified', versions: { tiny: '1.2.3' } });
  expect(steps(second)).toContain('install from cache');
  expect(registry.requests).toEqual([]);
});

test('the cache is not written by a phase that starts from a change set, nor read where the lock file changed', async () => {
  const world = make(
    { ...project, 'package-lock.json': '{"lockfileVersion":3,"packages":{}}' },
    `
    import fs from 'node:fs';
    fs.writeFileSync('package.json', ${JSON.stringify(JSON.stringify(manifest))}); fs.writeFileSync('package-lock.json', ${JSON.stringify(JSON.stringify(lock()))});
    fs.writeFileSync('test.cjs', ${JSON.stringify(uses)}); fs.writeFileSync('.npmrc', 'script-shell=/workspace/evil');`,
  );
  const built = await runJob(world, makeJob(world, { registries: ['npm'] }));
  expect(built.result).toMatchObject({ outcome: 'built' });
  const inputs = new Map([...built.artifacts].filter(([name]) => name.startsWith('changeset.')));
  const before = cached(world);
  const verified = await runJob(
    world,
    makeJob(world, { inputs, registries: ['npm'], spec: { phase: 'verify', agent: null } }),
  );
  expect(steps(verified)).toContain('install');
  expect(verified.result?.versions.tiny).toBe('1.2.3');
  expect(cached(world)).toEqual(before);
});

test("the spec's own dependencies are installed without touching the tree", async () => {
  const world = make(
    { ...project, 'dep.cjs': uses },
    `import fs from 'node:fs'; import { execSync } from 'node:child_process'; fs.writeFileSync('x.txt', execSync('git status --porcelain').toString());`,
  );
  const end = await runJob(
    world,
    makeJob(world, {
      registries: ['npm'],
      sandbox: { dependencies: ['tiny@1'], testCommand: 'node dep.cjs' },
      spec: { baseline: true },
    }),
  );
  expect(end.result).toMatchObject({ outcome: 'built', baseline: 'green', versions: { tiny: '1.2.3' } });
  const manifestJson = JSON.parse(Buffer.from(end.artifacts.get('changeset.json') ?? []).toString());
  expect(manifestJson.entries.map((e: { path: string }) => e.path)).toEqual(['x.txt']);
});

test('R15: a registry that is not allowed: InstallFailed, and the refusal says what would allow it', async () => {
  const world = make(locked());
  const end = await runJob(world, makeJob(world, { spec: plan }));
  expect(end.result).toMatchObject({ outcome: 'failed', error: { name: 'InstallFailed' } });
  expect(end.refusals[0]).toMatchObject({
    allow: 'egress: {registries: [npm]}',
    target: expect.stringContaining('npm/tiny'),
  });
});

test('a lock file that names other bytes than the registry has: InstallFailed, nothing cached', async () => {
  const wrong = JSON.stringify(lock()).replace(registry.integrity, `sha512-${Buffer.alloc(64, 7).toString('base64')}`);
  const world = make({ ...locked(), 'package-lock.json': wrong });
  const end = await runJob(world, makeJob(world, { spec: plan, registries: ['npm'] }));
  expect(end.result).toMatchObject({
    error: { name: 'InstallFailed', message: expect.stringContaining('EINTEGRITY') },
  });
  expect(cached(world)).toEqual([]);
});

test('a runtime that is not here: its difference is evidence, and refused where it must be exact', async () => {
  const world = make(project);
  const job = makeJob(world, { spec: { ...plan, baseline: false }, sandbox: { runtime: 'python:3.12' } });
  const end = await runJob(world, job);
  expect(end.result?.versions).toMatchObject({
    runtime: 'python:3.12',
    'runtime found': expect.stringMatching(/^node \d+\./),
  });
  await expect(runJob(world, job, { strictRuntime: true })).rejects.toMatchObject({
    name: 'RuntimeUnavailable',
    exit: 4,
  });
});
