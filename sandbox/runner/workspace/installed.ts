import { lstatSync, readdirSync, statfsSync, unlinkSync } from 'node:fs';
import { entryOf, shown } from './contents.ts';
import { at, installed, type Kind } from './walk.ts';

/** File systems that change a file's times with its content, also through a mapping of memory: ext2 to ext4, XFS, btrfs. */
const exactTimes = new Set([0xef53, 0x58465342, 0x9123683e]);
/** Clocks of file systems advance in steps of up to 10 ms; a later change within the same step has the same time. */
const clockStepMs = 50;

/** Whether each change of a file in this folder changes its numbers. */
export const numbersShowChanges = (folder: string | Buffer): boolean => exactTimes.has(statfsSync(folder).type);

/**
 * What the file system knows of a file. `settled`: each later change gives another time, which no program can set back.
 */
export function numbersOf(workspace: string, path: string): { numbers: string; settled: boolean } {
  const { mode, ino, size, mtimeNs, ctimeNs } = lstatSync(at(workspace, path), { bigint: true });
  const settled = BigInt(Date.now() - clockStepMs) * 1_000_000n > ctimeNs;
  return { numbers: `${mode} ${ino} ${size} ${mtimeNs} ${ctimeNs}`, settled };
}

interface InstalledFile {
  numbers: string;
  /** Where the numbers do not show every change. */
  sha: string | undefined;
}

interface Rules {
  /** Of a path that was not there: its file is removed, so that each command begins without those of another. */
  isCache(path: string): boolean;
  /** Whether commands may write a path. */
  isFree(path: string): boolean;
}

/** Installed packages at one moment. */
export class Installed {
  readonly #root: string;
  readonly #rules: Rules;
  readonly #files = new Map<string, InstalledFile>();

  /** @param folders Folders below the root. */
  constructor(root: string, folders: readonly string[], rules: Rules) {
    this.#root = root;
    this.#rules = rules;
    const exact = folders.length === 0 || numbersShowChanges(at(root, folders[0] ?? ''));
    for (const [path, kind] of filesIn(root, folders)) {
      if (rules.isFree(path)) continue;
      const { numbers, settled } = numbersOf(root, path);
      const sha = exact && settled ? undefined : this.#sha(path, kind);
      this.#files.set(path, { numbers, sha });
    }
  }

  /** What was changed since. */
  altered(folders: readonly string[]): string[] {
    const found: string[] = [];
    const now = filesIn(this.#root, folders);
    for (const [path, kind] of now) {
      if (this.#rules.isFree(path)) continue;
      const was = this.#files.get(path);
      if (was === undefined && this.#rules.isCache(path)) unlinkSync(at(this.#root, path));
      else if (was === undefined) found.push(`made ${shown(path)}`);
      else if (
        was.numbers !== numbersOf(this.#root, path).numbers ||
        (was.sha !== undefined && was.sha !== this.#sha(path, kind))
      )
        found.push(`changed ${shown(path)}`);
    }
    for (const path of this.#files.keys()) if (!now.has(path)) found.push(`deleted ${shown(path)}`);
    return found;
  }

  #sha(path: string, kind: Kind): string | undefined {
    return kind === 'other' ? undefined : entryOf(this.#root, path, kind).sha;
  }
}

/**
 * Folders named `node_modules` of a work tree. Tools keep caches in folders such as `node_modules/.cache` and
 * `node_modules/.vite`.
 */
export const modulesRules: Rules = { isCache, isFree: () => false };

/**
 * The folder of dependencies. What a package manager fetches for one command is gone for the next. Free is what compilers
 * keep of the project, as they do in ignored folders of the work tree, and the notes of package managers.
 */
export const dependencyRules: Rules = { isCache: () => true, isFree };

/** Notes that Maven keeps beside the artifacts of its local repository. */
const mavenNotes = /^(?:_remote\.repositories|resolver-status\.properties|maven-metadata-.*|.*\.lastUpdated)$/;

function isFree(path: string): boolean {
  const inside = path.slice(path.indexOf('/') + 1);
  const [manager, ...rest] = inside.split('/');
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

/** Below a folder of `node_modules` whose name begins with a dot, `.bin` apart, which is part of PATH. */
function isCache(path: string): boolean {
  const inside = path.slice(path.indexOf(`${installed}/`) + installed.length + 1);
  return inside.startsWith('.') && !inside.startsWith('.bin/') && inside.includes('/');
}

function filesIn(workspace: string, folders: readonly string[]): Map<string, Kind> {
  const files = new Map<string, Kind>();
  const open = [...folders];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const entry of readdirSync(at(workspace, folder), { withFileTypes: true, encoding: 'buffer' })) {
      const path = `${folder}/${entry.name.toString('latin1')}`;
      if (entry.isDirectory()) open.push(path);
      else files.set(path, entry.isFile() ? 'file' : entry.isSymbolicLink() ? 'link' : 'other');
    }
  }
  return files;
}
