import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { findInstall } from '../../../../../adapters/local/sandbox/install-cache.ts';
import { makeJob, makeWorld } from '../../../../machine/contract/phase-fixtures.ts';

const integrity = `sha512-${'A'.repeat(86)}==`;
const npm = 'https://registry.npmjs.org/tiny/-/tiny-1.2.3.tgz';

test.each([
  ['a registry’s package', { resolved: npm, integrity }, true],
  ['an archive of the tree with its checksum', { resolved: 'file:vendor/tiny.tgz', integrity }, true],
  ['an archive of the tree without one: its bytes could change', { resolved: 'file:vendor/tiny.tgz' }, false],
  ['a folder of the tree', { resolved: 'vendor/tiny', link: true }, false],
])('an install is cached by what its lock file says: %s', async (_what, tiny, cached) => {
  const packages = { '': { dependencies: { tiny: '*' } }, 'node_modules/tiny': { version: '1.2.3', ...tiny } };
  const world = makeWorld({
    'package.json': '{"name":"x","dependencies":{"tiny":"*"}}',
    'package-lock.json': JSON.stringify({ lockfileVersion: 3, packages }, null, 2),
  });
  try {
    const runtime = { node: process.execPath, notes: { node: '24.0.0', npm: '11.0.0' } };
    const found = await findInstall(world.dataDir, makeJob(world, { spec: { baseline: true } }), runtime);
    expect(found !== undefined).toBe(cached);
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
      const runtime = { node: process.execPath, notes: { node: '24.0.0', npm: '11.0.0' } };
      const found = await findInstall(world.dataDir, makeJob(world, { spec: { baseline: true } }), runtime);
      return found && basename(found.file);
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
