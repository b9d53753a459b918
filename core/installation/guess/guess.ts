import type { PackageManager } from '../../task-spec/package-managers.ts';
import { detectAll } from '../detect.ts';
import { inFolder, type RepositoryFiles } from '../installation.ts';
import { guessCargo, guessGo, guessJvm } from './compiled.ts';
import type { FolderGuess, Machine } from './folder-guess.ts';
import { guessNode } from './node.ts';
import { guessPython } from './python.ts';

/** How a repository is built and tested, for the `sandbox` of a spec. */
export interface Guess {
  runtime: string;
  packageManager?: PackageManager;
  roots?: string[];
  testCommand: string;
  buildCommand?: string;
  setupCommand?: string;
}

/** Folders deeper than this, or more of them, are not looked at for lock files. */
const maxDepth = 3;
const maxRoots = 12;

const folderGuesses = [guessNode, guessPython, guessJvm, guessGo, guessCargo];

/**
 * Guesses from lock files, manifests and files of version managers.
 * @param paths The files of the repository.
 * @param machine Where it is to run.
 */
export function guess(files: RepositoryFiles, paths: readonly string[], machine: Machine): Guess {
  const root = guessFolder(files, '', machine);
  const others = root.length > 0 ? otherRoots(files, paths, root) : lockedFolders(files, paths);
  const inOthers = others.flatMap((folder) =>
    guessFolder(files, folder, machine)
      .slice(0, 1)
      .map((found) => ({ folder, found })),
  );
  const all = [...root.map((found) => ({ folder: '', found })), ...inOthers];
  const [first] = all;
  if (first === undefined) return unknown(files);
  const { runtime, packageManager } = first.found;
  const setup = joined(all, ({ setupCommand }) => setupCommand);
  const build = joined(all, ({ buildCommand }) => buildCommand);
  return {
    runtime,
    ...(all.length === 1 && first.folder === '' ? { packageManager } : {}),
    ...(inOthers.length === 0
      ? {}
      : { roots: [...(root.length > 0 ? ['.'] : []), ...inOthers.map(({ folder }) => folder)] }),
    ...(setup === undefined ? {} : { setupCommand: setup }),
    ...(build === undefined ? {} : { buildCommand: build }),
    testCommand: joined(all, ({ testCommand }) => testCommand) ?? 'true',
  };
}

const guessFolder = (files: RepositoryFiles, folder: string, machine: Machine): FolderGuess[] =>
  folderGuesses.flatMap((of) => of(files, folder, machine) ?? []);

/** One command of those of all folders, each run in its folder. */
function joined(
  all: readonly { folder: string; found: FolderGuess }[],
  of: (found: FolderGuess) => string | undefined,
): string | undefined {
  const commands = all.flatMap(({ folder, found }) => {
    const command = of(found);
    if (command === undefined) return [];
    return folder === '' ? [command] : [`(cd ${folder} && ${command})`];
  });
  return commands.length === 0 ? undefined : [...new Set(commands)].join(' && ');
}

/** Folders with a lock file or manifest that can be installed, below the root; those that a shell would not read as they are left out. */
function lockedFolders(files: RepositoryFiles, paths: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    const parts = path.split('/').slice(0, -1);
    if (parts.length >= 1 && parts.length <= maxDepth && parts.every((part) => /^[\w][\w.-]*$/.test(part)))
      folders.add(parts.join('/'));
  }
  const found = [...folders].filter((folder) => detectAll(files, [folder]).installations.length > 0);
  // A folder below another one is part of its workspace.
  const outermost = found.filter((folder) => !found.some((other) => folder.startsWith(`${other}/`)));
  return outermost.sort().slice(0, maxRoots);
}

/** Folders with a lock file of a toolchain that the root does not have. */
function otherRoots(files: RepositoryFiles, paths: readonly string[], root: readonly FolderGuess[]): string[] {
  const known = new Set(detectAll(files, ['.']).installations.map(({ toolchain }) => toolchain));
  if (known.size === 0) for (const { packageManager } of root) if (packageManager === 'npm') known.add('node');
  return lockedFolders(files, paths).filter((folder) =>
    detectAll(files, [folder]).installations.some(
      ({ toolchain, from }) => !known.has(toolchain) && /lock|requirements|go\.(?:mod|sum)/i.test(from),
    ),
  );
}

/** A repository without a manifest: tests by `make`, or none. */
function unknown(files: RepositoryFiles): Guess {
  const make = files.read(inFolder('', 'Makefile')) ?? files.read('makefile') ?? '';
  const lines = make.split('\n');
  const target = ['test', 'check'].find((name) => lines.some((line) => line.startsWith(`${name}:`)));
  return { runtime: 'node:24', testCommand: target === undefined ? 'true' : `make ${target}` };
}
