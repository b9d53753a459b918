import type { PackageManager } from '../task-spec/package-managers.ts';
import type { ToolchainName } from '../task-spec/toolchains.ts';

/** The files of a repository, wherever they are: a work tree, a commit, or a test. Paths are from its root. */
export interface RepositoryFiles {
  /**
   * The beginning of a regular file as text, at least its first 64 KiB; undefined if there is none. Links are not
   * followed.
   */
  read(path: string): string | undefined;
  /** Whether a file or folder is there. */
  has(path: string): boolean;
}

/** A program that is published as a package of npm's registry and needs no other package. */
export interface NpmProgram {
  package: string;
  /** An exact version, or a range of which the highest version is taken. */
  version: string;
  /** Digest in hex of what `hashOf` names, from the `packageManager` field. */
  hash?: { algorithm: string; hex: string; of: 'archive' | 'program' };
  /** Command → file of the package; a file that ends with `.js` or `.cjs` runs on node. */
  bin: Readonly<Record<string, string>>;
  /** Variables of its commands; a value may name `$DRYDOCK_DEPS`. */
  env?: Readonly<Record<string, string>>;
}

/** How the packages of one folder are installed. */
export interface Installation {
  manager: PackageManager;
  toolchain: ToolchainName;
  /** Folder from the root of the repository; `''` is the root. */
  folder: string;
  /** File that decided: a lock file, or the manifest of a manager whose manifest names exact versions. */
  from: string;
  program?: NpmProgram;
  /** Shell commands that install exactly what the lock file names, run in the folder. */
  commands: string[];
  /** Files of the tree that the manager writes anew in a form of its own; they are put back. */
  rewrites?: RegExp;
  /** A command of the repository that the manager's name stands for, for example yarn's own release in the repository. */
  own?: { name: string; file: string };
}

/** Why the packages of a folder cannot be installed. */
export interface InstallationFault {
  /** File and line that the fault is in. */
  path: string;
  line?: number;
  message: string;
  remedy: string;
}

export interface Detected {
  /** Absent if there is nothing to install, or it cannot be. */
  installation?: Installation;
  /** With faults of a lock file: whose it is. */
  manager?: PackageManager;
  faults: InstallationFault[];
  /** Packages of the lock file that come from git repositories: they are not in a registry. */
  fromGit?: { path: string; line?: number; url: string }[];
  /** A manifest that names packages and has no lock file: nothing is installed. */
  unlocked?: { path: string; manager: PackageManager };
}

/** The path of a file in a folder, from the root of the repository. */
export const inFolder = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

/** Number of the first line of a text that matches. */
export function lineOf(text: string, pattern: RegExp): number | undefined {
  const index = text.split('\n').findIndex((line) => pattern.test(line));
  return index < 0 ? undefined : index + 1;
}
