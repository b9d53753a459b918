import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { planInstall } from '../../../../../adapters/local/sandbox/install-cache.ts';
import { makeJob, makeWorld } from '../../../../machine/contract/phase-fixtures.ts';

const integrity = `sha512-${'A'.repeat(86)}==`;
const npm = 'https://registry.npmjs.org/tiny/-/tiny-1.2.3.tgz';

test.each([
  ['a registry’s package', { resolved: npm, integrity }, true],
  ['an archive of the tree with its checksum', { resolved: 'file:vendor/tiny.tgz', integrity }, true],
  ['an archive of the tree without one: its bytes could change', { resolved: 'file:vendor/tiny.tgz' }, false],
  ['a folder of the tree', { resolved: 'vendor/tiny', link: true }, false],
  ['a package in the archive of another one', { inBundle: true }, true],
  [
    'a package with an install script, which may read the tree',
    { resolved: npm, integrity, hasInstallScript: true },
    false,
  ],
  [
    'a package of a git repository, which a program of .npmrc fetches',
    { resolved: 'git+ssh://git@x/y.git#1', integrity },
    false,
  ],
  ['a package without a checksum', { resolved: npm }, false],
])('an install is cached by what its lock file says: %s', async (_what, tiny, cached) => {
  const packages = { '': { dependencies: { tiny: '*' } }, 'node_modules/tiny': { version: '1.2.3', ...tiny } };
  const world = makeWorld({
    'package.json': '{"name":"x","dependencies":{"tiny":"*"}}',
    'package-lock.json': JSON.stringify({ lockfileVersion: 3, packages }, null, 2),
  });
  try {
    const runtime = { node: process.execPath, notes: { node: '24.0.0', npm: '11.0.0' }, mounts: [], paths: [] };
    const plan = await planInstall(world.dataDir, makeJob(world, { spec: { baseline: true } }), runtime);
    expect(plan.cached !== undefined).toBe(cached);
  } finally {
    world.remove();
  }
});

test.each([
  ['a script that npm runs on install', { 'package.json': '{"name":"x","scripts":{"prepare":"x"}}' }],
  ['a script that npm runs when packages changed', { 'package.json': '{"name":"x","scripts":{"dependencies":"x"}}' }],
  ['workspaces', { 'package.json': '{"name":"x","workspaces":["a"]}' }],
  ['a project that npm builds', { 'binding.gyp': '{}' }],
  [
    'a lock file that does not say which packages run scripts',
    { 'package-lock.json': '{"lockfileVersion":1,"packages":{}}' },
  ],
  ['a lock file that is preferred and is none', { 'npm-shrinkwrap.json': '[]' }],
])('an install that runs code of the project is not cached: %s', async (_what, files) => {
  const lock = JSON.stringify({ lockfileVersion: 3, packages: {} });
  const world = makeWorld({ 'package.json': '{"name":"x"}', 'package-lock.json': lock, ...files } as Record<
    string,
    string
  >);
  try {
    const runtime = { node: process.execPath, notes: { node: '24.0.0', npm: '11.0.0' }, mounts: [], paths: [] };
    expect((await planInstall(world.dataDir, makeJob(world), runtime)).cached).toBeUndefined();
  } finally {
    world.remove();
  }
});

test('each file that decides an install changes its key, and what is no file does not end the reading', async () => {
  const lock = JSON.stringify({ lockfileVersion: 3, packages: {} });
  const files = { 'package.json': '{"name":"x"}', 'package-lock.json': lock, '.npmrc': 'fund=false\n' };
  const keyOf = async (changed: Record<string, string>): Promise<string | undefined> => {
    const world = makeWorld(changed);
    try {
      const runtime = { node: process.execPath, notes: { node: '24.0.0', npm: '11.0.0' }, mounts: [], paths: [] };
      const { cached } = await planInstall(world.dataDir, makeJob(world, { spec: { baseline: true } }), runtime);
      return cached && basename(cached.file);
    } finally {
      world.remove();
    }
  };
  const { 'package-lock.json': _, ...others } = files;
  const all = [
    files,
    { ...files, 'package.json': '{"name":"y"}' },
    { ...files, 'package-lock.json': `${lock}\n` },
    { ...files, '.npmrc': 'fund=true\n' },
    // A folder where the lock file is looked for first.
    { ...others, 'package-lock.json/x': '', 'npm-shrinkwrap.json': lock },
  ];
  const keys = await Promise.all(all.map(keyOf));
  expect(keys).not.toContain(undefined);
  expect(new Set(keys).size).toBe(all.length);
  expect(await keyOf(files)).toBe(keys[0]);
});
