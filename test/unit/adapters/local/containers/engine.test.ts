import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findEngine } from '../../../../../adapters/local/containers/engine.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'engines-'));
  vi.stubEnv('PATH', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A command line that says this of itself, and whose engine answers or not. */
function program(name: string, version: string, answers: boolean): void {
  const answer = answers ? 'exit 0' : 'echo "Cannot connect to the daemon" >&2; exit 1';
  writeFileSync(
    join(folder, name),
    `#!/bin/sh\nif [ "$1" = --version ]; then echo "${version}"; exit 0; fi\n${answer}\n`,
  );
  chmodSync(join(folder, name), 0o755);
}

describe('a container engine', () => {
  test('none on the PATH: EngineMissing with the names that were looked for', async () => {
    await expect(findEngine()).rejects.toMatchObject({
      name: 'EngineMissing',
      exit: 4,
      message: expect.stringContaining('docker, podman, nerdctl'),
    });
  });

  test('a command line without an engine behind it: what it said, and what to do', async () => {
    program('docker', 'Docker version 28.2.2, build e6534b4', false);
    await expect(findEngine()).rejects.toMatchObject({
      name: 'EngineMissing',
      message: expect.stringContaining('docker: Cannot connect to the daemon'),
      remedy: expect.stringContaining('Start the engine'),
    });
  });

  test.each([
    ['docker', 'Docker version 28.2.2, build e6534b4', 'docker', 'docker 28.2.2'],
    ['podman', 'podman version 4.3.1', 'podman', 'podman 4.3.1'],
    ['docker', 'podman version 5.4.2', 'podman', 'podman 5.4.2'],
    ['nerdctl', 'nerdctl version 2.0.3', 'nerdctl', 'nerdctl 2.0.3'],
  ])('%s that says "%s"', async (name, version, kind, shown) => {
    program(name, version, true);
    await expect(findEngine()).resolves.toMatchObject({ kind, name: shown, program: join(folder, name) });
  });

  test('docker without an engine, and podman: podman', async () => {
    program('docker', 'Docker version 28.2.2', false);
    program('podman', 'podman version 4.3.1', true);
    await expect(findEngine()).resolves.toMatchObject({ kind: 'podman' });
  });
});
