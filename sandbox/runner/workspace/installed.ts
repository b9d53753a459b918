import { lstatSync, readdirSync, statfsSync, unlinkSync } from 'node:fs';
import { entryOf, shown } from './contents.ts';
import { at, installed, type Kind } from './walk.ts';

/** File systems that change a file's times with its content, also through a mapping of memory: ext2 to ext4, XFS, btrfs. */
const exactTimes = new Set([0xef53, 0x58465342, 0x9123683e]);
/** Clocks of file systems advance in steps of up to 10 ms; a later change within the same step has the same time. */
const clockStepMs = 50;

/** Whether each change of a file in this folder changes its numbers. */
export const numbersShowChanges = (folder: string): boolean => exactTimes.has(statfsSync(folder).type);

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

/** The installed packages of a work tree at one moment. */
export class Installed {
  readonly #workspace: string;
  readonly #files = new Map<string, InstalledFile>();

  /** @param modules Folders named `node_modules`. */
  constructor(workspace: string, modules: readonly string[]) {
    this.#workspace = workspace;
    const exact = numbersShowChanges(workspace);
    for (const [path, kind] of filesIn(workspace, modules)) {
      const { numbers, settled } = numbersOf(workspace, path);
      const sha = exact && settled ? undefined : this.#sha(path, kind);
      this.#files.set(path, { numbers, sha });
    }
  }

  /**
   * What was changed since. Caches, which tools keep in folders such as `node_modules/.cache` and `node_modules/.vite`,
   * are not listed: their new files are removed, so that each command begins without those of another.
   */
  altered(modules: readonly string[]): string[] {
    const found: string[] = [];
    const now = filesIn(this.#workspace, modules);
    for (const [path, kind] of now) {
      const was = this.#files.get(path);
      if (was === undefined && isCache(path)) unlinkSync(at(this.#workspace, path));
      else if (was === undefined) found.push(`made ${shown(path)}`);
      else if (
        was.numbers !== numbersOf(this.#workspace, path).numbers ||
        (was.sha !== undefined && was.sha !== this.#sha(path, kind))
      )
        found.push(`changed ${shown(path)}`);
    }
    for (const path of this.#files.keys()) if (!now.has(path)) found.push(`deleted ${shown(path)}`);
    return found;
  }

  #sha(path: string, kind: Kind): string | undefined {
    return kind === 'other' ? undefined : entryOf(this.#workspace, path, kind).sha;
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
