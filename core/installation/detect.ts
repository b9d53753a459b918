import { type PackageManager, type ToolchainName, toolchainNames, toolchains } from '../task-spec/toolchains.ts';
import type { Detected, Installation, InstallationFault, RepositoryFiles } from './installation.ts';
import { detectNode } from './node.ts';
import { detectCargo, detectGo, detectJvm } from './others.ts';
import { detectPython, testRequirements } from './python.ts';

const detectors: Record<ToolchainName, (files: RepositoryFiles, folder: string, wanted?: PackageManager) => Detected> =
  { node: detectNode, python: detectPython, java: detectJvm, go: detectGo, rust: detectCargo };

/** The toolchain of a package manager. */
export const toolchainOfManager = (manager: PackageManager): ToolchainName =>
  toolchainNames.find((name) => Object.hasOwn(toolchains[name].tests, manager)) ?? 'node';

/**
 * How the packages of one folder are installed: by the wanted manager, or by the first toolchain that finds a lock file
 * or manifest of its own.
 */
export function detect(files: RepositoryFiles, folder: string, wanted?: PackageManager): Detected {
  if (wanted !== undefined) {
    const detected = detectors[toolchainOfManager(wanted)](files, folder, wanted);
    return detected;
  }
  let unlocked: Detected | undefined;
  for (const name of toolchainNames) {
    const detected = detectors[name](files, folder);
    if (detected.installation !== undefined || detected.faults.length > 0) return detected;
    if (detected.unlocked !== undefined) unlocked ??= detected;
  }
  return unlocked ?? { faults: [] };
}

export interface Preparation {
  installations: Installation[];
  faults: InstallationFault[];
  unlocked: { path: string; manager: PackageManager }[];
}

/**
 * How a repository is prepared: the root by the wanted manager, and each further root by what it contains.
 * @param roots Folders from the root of the repository; `.` or `''` is the root itself.
 */
export function detectAll(files: RepositoryFiles, roots: readonly string[], wanted?: PackageManager): Preparation {
  const folders = [...new Set(roots.map((root) => (root === '.' ? '' : root.replace(/\/+$/, ''))))];
  const all = folders.map((folder) => detect(files, folder, folder === '' ? wanted : undefined));
  return {
    installations: all.flatMap(({ installation }) => installation ?? []),
    faults: all.flatMap(({ faults }) => faults),
    unlocked: all.flatMap(({ unlocked }) => unlocked ?? []),
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
