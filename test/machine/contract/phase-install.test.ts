import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { pack, project as packages } from '../attack/forgeries/package.ts';
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
const make = (files: Record<string, string | Buffer>, agent = ''): World => {
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

test('a setup command that fails because a package could not download its program names the variable to skip it', async () => {
  const world = make({ ...project, 'package.json': JSON.stringify({ ...manifest, scripts: {} }) });
  const setupCommand = 'echo "npm error path $PWD/node_modules/puppeteer"; exit 1';
  const { result } = await runJob(world, makeJob(world, { sandbox: { setupCommand } }));
  expect(result?.error).toMatchObject({ name: 'InstallFailed' });
  expect(result?.error?.message).toContain('PUPPETEER_SKIP_DOWNLOAD');
  // The setup command is what installs.
  expect(result?.error?.message).not.toContain('lock file');
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
  const job = makeJob(world, { spec: { ...plan, baseline: false }, sandbox: { runtime: 'python:3.99' } });
  const end = await runJob(world, job);
  expect(end.result?.versions).toMatchObject({
    runtime: 'python:3.99',
    python: expect.stringMatching(/^3\./),
    'runtime found': expect.stringMatching(/^python 3\./),
  });
  await expect(runJob(world, job, { strictRuntime: true })).rejects.toMatchObject({
    name: 'RuntimeUnavailable',
    exit: 4,
  });
});

/** As @prisma/client does, its install script generates code from a file of the project. */
const generator = (flagged: boolean) => {
  const packed = pack(
    'generator',
    { 'index.js': '' },
    "import fs from 'node:fs'; fs.copyFileSync('schema.txt', 'node_modules/generator/client.js');",
  );
  const files = packages([{ ...packed, hasInstallScript: flagged }], { scripts: { test: 'node test.mjs' } });
  return { ...files, 'test.mjs': "import client from 'generator/client.js'; if (client !== 'right') process.exit(1);" };
};
const schema = (value: string) => `module.exports = '${value}';`;
const verify = { phase: 'verify', agent: null } as const;

test('what the install of one repository generated is not installed in another one with the same lock file', async () => {
  const own = make({ ...generator(true), 'schema.txt': schema('right') });
  const other = make({ ...generator(true), 'schema.txt': schema('wrong') });
  const first = await runJob(own, makeJob(own, { spec: plan }));
  expect(first.result).toMatchObject({ outcome: 'planned', baseline: 'green' });
  const options = { dataDir: own.dataDir };
  const second = await runJob(other, makeJob(other, { spec: verify }), options);
  expect(second.result).toMatchObject({ outcome: 'failed', error: { name: 'VerifyFailed' } });
  expect((await runJob(own, makeJob(own, { spec: verify }), options)).result).toMatchObject({ outcome: 'verified' });
});

test('a change of what an install script reads is verified with what the script makes of it', async () => {
  const program = `import fs from 'node:fs'; fs.writeFileSync('schema.txt', ${JSON.stringify(schema('wrong'))});`;
  const world = make({ ...generator(true), 'schema.txt': schema('right') }, program);
  const built = await runJob(world, makeJob(world, { spec: { baseline: true } }));
  expect(built.result).toMatchObject({ outcome: 'built', baseline: 'green' });
  const inputs = new Map([...built.artifacts].filter(([name]) => name.startsWith('changeset.')));
  const verified = await runJob(world, makeJob(world, { inputs, spec: verify }));
  expect(verified.result).toMatchObject({ outcome: 'failed', error: { name: 'VerifyFailed' } });
});

test('a lock file that hides a script: it is not run, so that the cached install cannot depend on it', async () => {
  const world = make({ ...generator(false), 'schema.txt': schema('right') });
  const end = await runJob(world, makeJob(world, { spec: verify }));
  expect(end.result).toMatchObject({ outcome: 'failed', error: { message: expect.stringContaining('client.js') } });
  expect(end.result?.commands[0]).toMatchObject({ command: 'npm ci --ignore-scripts', exitCode: 0 });
  expect(cached(world)).toHaveLength(1);
});

test('an install that is not cached asks the registry for no archive a second time, whatever the folder holds', async () => {
  const flagged = { ...lock(), packages: { ...lock().packages } };
  Object.assign(flagged.packages['node_modules/tiny'], { hasInstallScript: true });
  const world = make({ ...locked(), 'package-lock.json': JSON.stringify(flagged) });
  const archives = () => registry.requests.filter((r) => r.path.endsWith('.tgz')).length;
  registry.requests.length = 0;
  const job = () => makeJob(world, { spec: verify, registries: ['npm'] });
  expect([(await runJob(world, job())).result?.outcome, archives()]).toEqual(['verified', 1]);
  expect([(await runJob(world, job())).result?.outcome, archives()]).toEqual(['verified', 1]);
  const folder = path.join(world.dataDir, 'archives');
  const [name = ''] = readdirSync(folder);
  expect(name).toMatch(/^[0-9a-f]{128}\.tgz$/);
  writeFileSync(path.join(folder, name), 'other bytes');
  expect([(await runJob(world, job())).result?.outcome, archives()]).toEqual(['verified', 2]);
});

test('a package that brings a program named tar does not decide what is kept for other repositories', async () => {
  const tarry = pack('tarry', {
    'package.json': JSON.stringify({ name: 'tarry', version: '1.0.0', bin: { tar: 'tar.sh' } }),
    'tar.sh': '#!/bin/sh\nsh poison.sh\nexec /usr/bin/tar "$@"\n',
  });
  const checker = pack('checker', { 'index.js': 'honest' });
  const files = packages([tarry, checker]);
  const parsed = JSON.parse(String(files['package-lock.json']));
  parsed.packages['node_modules/tarry'].bin = { tar: 'tar.sh' };
  const world = make({
    ...files,
    'package-lock.json': JSON.stringify(parsed),
    'test.mjs': "import fs from 'node:fs'; fs.accessSync('node_modules/.bin/tar', fs.constants.X_OK);",
    'poison.sh': 'printf poison > node_modules/checker/index.js\n',
  });
  const end = await runJob(world, makeJob(world, { spec: plan }));
  expect(end.result).toMatchObject({ baseline: 'green' });
  const [kept = ''] = cached(world);
  const content = execFileSync('tar', [
    '-xOf',
    path.join(world.dataDir, 'installs', kept),
    'node_modules/checker/index.js',
  ]);
  expect(content.toString()).toBe('honest');
});

test.each([
  ['NODE_OPTIONS', '--require ./poison.cjs'],
  ['BASH_ENV', './poison.sh'],
])('an install for which %s loads a file of the repository is not kept', async (name, value) => {
  const poison = 'node_modules/checker/index.js';
  const world = make({
    ...packages([pack('checker', { 'index.js': 'honest' })]),
    'test.mjs': '',
    'poison.cjs': `process.on('exit', () => { try { require('fs').writeFileSync('${poison}', 'poison'); } catch {} });`,
    'poison.sh': `trap "printf poison > ${poison}" EXIT\n`,
  });
  const end = await runJob(world, makeJob(world, { spec: plan, sandbox: { env: { [name]: value } } }));
  expect(end.result?.commands[0]?.command).toBe('npm ci');
  expect(cached(world)).toEqual([]);
});
