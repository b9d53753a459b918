import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { entryOf, shown, unreadable } from '../workspace/contents.ts';
import { at, foldersOf, installed, type Kind } from '../workspace/walk.ts';
import { numbersOf, numbersShowChanges } from './numbers.ts';

interface InstalledFile {
  /** Kept for files that are put back. */
  content?: Buffer;
  mode?: number;
  numbers: string;
  /** Where the numbers do not show every change. */
  sha: string | undefined;
}

interface Rules {
  /** Of what was not there: it is removed, so that each command begins without what another one left. */
  isCache(path: string): boolean;
  /** Whether commands may write a path. */
  isFree(path: string): boolean;
  /** Whether a file that was changed is put back, and not listed. */
  isPutBack(path: string): boolean;
}

/** Bytes of the files that are kept to be put back; others are listed where they are changed. */
const maxKept = 24 * 1024 * 1024;

/**
 * The installed packages of a work tree or folder at one moment, and what else decides, beside the tree, what its commands
 * run.
 */
export class Installed {
  readonly #workspace: string;
  readonly #rules: Rules;
  readonly #files = new Map<string, InstalledFile>();
  readonly #folders: ReadonlySet<string>;
  #keptBytes = 0;

  /** @param roots Folders, files and links, such as all that are named `node_modules`. */
  constructor(workspace: string, roots: readonly string[], rules: Rules) {
    this.#workspace = workspace;
    this.#rules = rules;
    const exact = numbersShowChanges(workspace === '' ? `/${roots[0] ?? ''}` : workspace);
    const { files, folders } = filesIn(workspace, roots);
    for (const [path, kind] of files) {
      if (rules.isFree(path)) continue;
      const { numbers, settled } = numbersOf(workspace, path);
      const sha = exact && settled ? undefined : this.#sha(path, kind);
      this.#files.set(path, { numbers, sha, ...this.#kept(path, kind) });
    }
    this.#folders = folders;
  }

  /** What was changed since. What is new in caches is removed and not listed. */
  altered(roots: readonly string[]): string[] {
    const found: string[] = [];
    const { files: now, folders } = filesIn(this.#workspace, roots);
    for (const [path, kind] of now) {
      if (this.#rules.isFree(path)) continue;
      const was = this.#files.get(path);
      if (was === undefined) {
        if (!this.#rules.isCache(path) || !removed(() => unlinkSync(at(this.#workspace, path))))
          found.push(`made ${shown(path)}`);
      } else if (
        was.numbers !== numbersOf(this.#workspace, path).numbers ||
        (was.sha !== undefined && was.sha !== this.#sha(path, kind))
      ) {
        if (!this.#putBack(path, was)) found.push(`changed ${shown(path)}`);
      }
    }
    for (const path of this.#files.keys()) if (!now.has(path)) found.push(`deleted ${shown(path)}`);
    return [...found, ...this.#newFolders(folders, now)];
  }

  /** An empty folder can tell something to the next command, too. */
  #newFolders(folders: ReadonlySet<string>, files: ReadonlyMap<string, Kind>): string[] {
    const found: string[] = [];
    const full = foldersOf(files.keys());
    // A folder comes after the one that holds it.
    for (const folder of [...folders].reverse()) {
      if (this.#folders.has(folder) || this.#rules.isFree(`${folder}/`)) continue;
      if (this.#rules.isCache(`${folder}/`) && removed(() => rmdirSync(at(this.#workspace, folder)))) continue;
      if (!full.has(folder)) found.push(`made ${shown(folder)}`);
    }
    return found;
  }

  #kept(path: string, kind: Kind): Pick<InstalledFile, 'content' | 'mode'> {
    if (kind !== 'file' || !this.#rules.isPutBack(path)) return {};
    const file = at(this.#workspace, path);
    const { size, mode } = lstatSync(file);
    if (this.#keptBytes + size > maxKept) return {};
    this.#keptBytes += size;
    return { content: readFileSync(file), mode: mode & 0o777 };
  }

  /** Writes the file as it was. No untrusted code runs now that could put a link in its way. */
  #putBack(path: string, was: InstalledFile): boolean {
    const { content, mode } = was;
    if (content === undefined) return false;
    const file = at(this.#workspace, path);
    const folder = at(this.#workspace, path.slice(0, path.lastIndexOf('/')));
    try {
      if (!realpathSync(folder, { encoding: 'buffer' }).equals(folder)) return false;
      unlinkSync(file);
      writeFileSync(file, content, { flag: 'wx' });
      chmodSync(file, mode ?? 0o644);
    } catch {
      return false; // its folder may not be written to
    }
    was.numbers = numbersOf(this.#workspace, path).numbers;
    was.sha = this.#sha(path, 'file');
    return true;
  }

  #sha(path: string, kind: Kind): string | undefined {
    return kind === 'other' ? undefined : entryOf(this.#workspace, path, kind).sha;
  }
}

function removed(remove: () => void): boolean {
  try {
    remove();
    return true;
  } catch {
    return false; // its folder may not be written to
  }
}

/**
 * Folders named `node_modules` of a work tree. Tools keep caches in folders such as `node_modules/.cache` and
 * `node_modules/.vite`.
 */
export const modulesRules: Rules = { isCache, isFree: () => false, isPutBack: (path) => compiled.test(path) };

/** Compiled code that bundled tools keep beside themselves, such as `@vercel/ncc`; V8 compiles it anew for each version. */
const compiled = /\.cache$/;

/**
 * The folder of dependencies. What a package manager fetches for one command is gone for the next. Free is what compilers
 * keep of the project, as they do in ignored folders of the work tree, and the notes of package managers.
 */
export const dependencyRules: Rules = { isCache: () => true, isFree, isPutBack: (path) => bytecode.test(path) };

/** Python writes it anew where the time of a source does not fit. */
const bytecode = /\.pyc$/;

/** Notes that Maven keeps beside the artifacts of its local repository. */
const mavenNotes = /^(?:_remote\.repositories|resolver-status\.properties|maven-metadata-.*|.*\.lastUpdated)$/;

function isFree(path: string): boolean {
  const [manager, ...rest] = path.slice(path.indexOf('/') + 1).split('/');
  switch (manager) {
    case 'go':
      return rest[0] === 'build';
    case 'gradle':
      return !rest.join('/').startsWith('caches/modules-2/files-2.1/');
    case 'cargo':
      return rest[0] === '.package-cache' || rest[0] === '.global-cache';
    case 'maven':
      return mavenNotes.test(rest.at(-1) ?? '');
    default:
      return false;
  }
}

/** What the compiler of TypeScript notes of its last run. Vitest has it do so beside its own program; no program runs it. */
const compilerNotes = /\.tsbuildinfo$/;

/** Below a folder of `node_modules` whose name begins with a dot, `.bin` apart, which is part of PATH; and a compiler's notes. */
function isCache(path: string): boolean {
  const start = path.indexOf(`${installed}/`);
  const inside = path.slice(start + installed.length + 1);
  if (start < 0) return false;
  return compilerNotes.test(inside) || (inside.startsWith('.') && !inside.startsWith('.bin/') && inside.includes('/'));
}

/** The roots and what is in them; of a link also what is in the folder of the work tree that it leads to. */
function filesIn(workspace: string, roots: readonly string[]): { files: Map<string, Kind>; folders: Set<string> } {
  const files = new Map<string, Kind>();
  const folders = new Set<string>();
  const open: string[] = [];
  const take = (
    path: string,
    entry: { isDirectory(): boolean; isFile(): boolean; isSymbolicLink(): boolean },
  ): void => {
    if (!entry.isDirectory()) files.set(path, entry.isFile() ? 'file' : entry.isSymbolicLink() ? 'link' : 'other');
    else if (!folders.has(path)) {
      folders.add(path);
      open.push(path);
    }
  };
  for (const root of roots) {
    const found = lstatSync(at(workspace, root), { throwIfNoEntry: false });
    if (found) take(root, found);
    const target = found?.isSymbolicLink() ? targetIn(workspace, root) : undefined;
    if (target !== undefined) take(target, lstatSync(at(workspace, target)));
  }
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const entry of listed(workspace, folder)) take(`${folder}/${entry.name.toString('latin1')}`, entry);
  }
  return { files, folders };
}

/** What a link leads to, if that is below the root of the work tree. */
function targetIn(workspace: string, link: string): string | undefined {
  try {
    const target = realpathSync(at(workspace, link), { encoding: 'buffer' }).toString('latin1');
    return target.startsWith(`${workspace}/`) ? target.slice(workspace.length + 1) : undefined;
  } catch {
    return undefined; // it leads nowhere
  }
}

function listed(workspace: string, folder: string) {
  try {
    return readdirSync(at(workspace, folder), { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    throw unreadable(folder, (error as NodeJS.ErrnoException).code ?? 'it cannot be listed');
  }
}
