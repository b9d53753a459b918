import type { PackageManager } from '../../task-spec/package-managers.ts';

/** How a folder is built and tested. */
export interface FolderGuess {
  runtime: string;
  packageManager: PackageManager;
  testCommand: string;
  buildCommand?: string;
  setupCommand?: string;
}

/** What the machine of a run has, as far as a repository leaves it open. */
export interface Machine {
  /** Version of its Python, such as 3.11; undefined if there is none. */
  python(): string | undefined;
  /** Major version of its Java. */
  java(): number | undefined;
}
