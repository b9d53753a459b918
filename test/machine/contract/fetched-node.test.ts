import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { fetchedNode } from '../../../adapters/local/sandbox/host/fetched-node.ts';
import { removeTempFolders, tempFolder } from './git-fixture.ts';
import { startRegistry } from './registry-fixture.ts';

afterAll(removeTempFolders);
const before = process.env.npm_config_registry;
afterEach(() => {
  if (before === undefined) delete process.env.npm_config_registry;
  else process.env.npm_config_registry = before;
});

test('a Node of another major version is fetched by its digest, once, and is the one that it says', async () => {
  const data = tempFolder();
  const found = await fetchedNode(20, data);
  expect(found?.version).toMatch(/^20\./);
  expect(execFileSync(found?.node ?? '', ['--version'], { encoding: 'utf8' }).trim()).toBe(`v${found?.version}`);
  process.env.npm_config_registry = 'http://127.0.0.1:9/';
  expect(await fetchedNode(20, data)).toEqual(found);
});

test('a package of that name and version with other content is not taken, and a version that was not reviewed is not asked for', async () => {
  const registry = await startRegistry({ name: `node-linux-${process.arch}`, version: '20.20.2' });
  process.env.npm_config_registry = registry.url;
  try {
    const data = tempFolder();
    expect(await fetchedNode(20, data)).toBeUndefined();
    expect(registry.requests.length).toBeGreaterThan(0);
    expect(readdirSync(join(data, 'runtimes'))).toEqual([]);
    const asked = registry.requests.length;
    expect(await fetchedNode(99, data)).toBeUndefined();
    expect(registry.requests.length).toBe(asked);
  } finally {
    registry.close();
  }
});
