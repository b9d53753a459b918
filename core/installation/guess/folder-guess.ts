import type { PackageManager } from '../../task-spec/toolchains.ts';

/** How a folder is built and tested. */
export interface FolderGuess {
  runtime: string;
  packageManager: PackageManager;
  testCommand: string;
  buildCommand?: string;
  setupCommand?: string;
}
