import type { PackageManager } from '../task-spec/package-managers.ts';
import { type ToolchainName, toolchainNames, toolchains } from '../task-spec/toolchains.ts';
import { detectCargo } from './cargo.ts';
import { detectGo } from './go.ts';
import type { Detected, Installation, InstallationFault, RepositoryFiles } from './installation.ts';
import { detectJvm } from './jvm.ts';
import { detectNode } from './node.ts';
import { detectPython, testRequirements } from './python.ts';

const detectors: Record<ToolchainName, (files: RepositoryFiles, folder: string, wanted?: PackageManager) => Detected> =
  { node: detectNode, python: detectPython, java: detectJvm, go: detectGo, rust: detectCargo };

const toolchainOfManager = (manager: PackageManager): ToolchainName =>
  toolchainNames.find((name) => Object.hasOwn(toolchains[name].tests, manager)) ?? 'node';

export interface Preparation {
  installations: Installation[];
  faults: InstallationFault[];
  unlocked: NonNullable<Detected['unlocked']>[];
  fromGit: NonNullable<Detected['fromGit']>;
}

/**
 * How a repository is prepared: the root by the wanted manager, or by each toolchain that finds a lock file or manifest of
 * its own; further roots in the same way.
 * @param roots Folders from the root of the repository; `.` is the root itself.
 * @param wanted Manager of the root; the only one of it then.
 */
export function detectAll(files: RepositoryFiles, roots: readonly string[], wanted?: PackageManager): Preparation {
  const folders = new Set(roots.map((root) => (root === '.' ? '' : root.endsWith('/') ? root.slice(0, -1) : root)));
  const all = [...folders].flatMap((folder) =>
    folder === '' && wanted !== undefined
      ? [detectors[toolchainOfManager(wanted)](files, folder, wanted)]
      : toolchainNames.map((name) => detectors[name](files, folder)),
  );
  return {
    installations: all.flatMap(({ installation }) => installation ?? []),
    faults: all.flatMap(({ faults }) => faults),
    unlocked: all.flatMap(({ unlocked }) => unlocked ?? []),
    fromGit: all.flatMap(({ fromGit }) => fromGit ?? []),
  };
}

/** Names of the files in a root that decide how it is installed, apart from those of wrappers. */
export const installationFiles = [
  ...['package.json', 'package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', '.yarnrc.yml'],
  ...['bun.lock', 'bun.lockb', '.bun-version', 'uv.lock', 'poetry.lock', 'pdm.lock', 'requirements.txt'],
  ...testRequirements,
  ...['pyproject.toml', 'setup.py', 'setup.cfg', 'pom.xml', 'settings.gradle', 'settings.gradle.kts', 'build.gradle'],
  ...['build.gradle.kts', 'go.work', 'go.mod', 'Cargo.toml', 'Cargo.lock'],
];
