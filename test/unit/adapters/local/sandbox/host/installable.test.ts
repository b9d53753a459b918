import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { missingHere } from '../../../../../../adapters/local/sandbox/host/installable.ts';
import type { Installation, RepositoryFiles } from '../../../../../../core/installation/installation.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-rust-'));
  vi.stubEnv('PATH', `${folder}:/usr/bin:/bin`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const cargo: Installation = {
  ...{ manager: 'cargo', toolchain: 'rust', folder: '', from: 'Cargo.lock', commands: ['cargo fetch --locked'] },
};
const registry = '[[package]]\nname = "a"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\n';
const locked = (content: string): RepositoryFiles => ({
  has: (path) => path === 'Cargo.lock',
  read: (path) => (path === 'Cargo.lock' ? content : undefined),
});

/** What is said of Cargo on a machine with this Rust; the policy here allows no registry, which is another row. */
async function saidOf(version: string, content: string): Promise<string[]> {
  writeFileSync(
    join(folder, 'rustc'),
    `#!/bin/sh\ncase "$1" in --print) echo ${folder} ;; *) echo "rustc ${version} (0 2026)" ;; esac\n`,
  );
  chmodSync(join(folder, 'rustc'), 0o755);
  const missing = await missingHere('rust:1', [cargo], locked(content), []);
  return missing.filter(({ message }) => message.startsWith('The Rust')).map(({ message }) => message);
}

test.for([
  [
    '1.63.0',
    3,
    [
      'The Rust of this machine is 1.63.0, whose cargo cannot read the index of its registry: 1.68 or newer can. Install a newer Rust.',
    ],
  ],
  [
    '1.67.1',
    4,
    [
      'The Rust of this machine is 1.67.1, whose cargo cannot read lock files of format 4: 1.78 or newer can. Install a newer Rust.',
    ],
  ],
  [
    '1.77.2',
    4,
    [
      'The Rust of this machine is 1.77.2, whose cargo cannot read lock files of format 4: 1.78 or newer can. Install a newer Rust.',
    ],
  ],
  ['1.68.0', 3, []],
  ['1.78.0', 4, []],
  ['2.0.0', 4, []],
] as const)('Rust %s with a lock file of format %i', async ([version, format, said]) => {
  expect(await saidOf(version, `version = ${format}\n${registry}`)).toEqual(said);
});

test('a lock file without a registry needs none of it', async () => {
  expect(await saidOf('1.63.0', 'version = 3\n[[package]]\nname = "own"\n')).toEqual([]);
});
