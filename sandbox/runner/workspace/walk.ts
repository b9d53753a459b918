import { readdirSync } from 'node:fs';
import { DrydockError } from '../../../core/errors.ts';
import { mostOf } from '../../../core/guard/largest.ts';
import { isGitFolder } from '../../../core/guard/paths.ts';

/** More files than this are not looked at; the memory for their names would be the runner's. */
const maxFiles = 1_000_000;

export type Kind = 'file' | 'link' | 'other';

/** What is in a work tree, by path (see `Files`). Links are not followed; git folders are not looked into. */
export interface Seen {
  files: Map<string, Kind>;
  /** Folders that were not looked into because they are submodules. */
  submodules: Set<string>;
  /** Folders below the root that hold a git folder of their own. */
  repositories: string[];
  /** Folders of installed packages: new files in them are in no change. */
  installed: string[];
  /** Folders of this name without files of the tree, for whatever they were made. */
  modules: string[];
  /** Folders without files of the tree whose content cannot be listed. */
  unlisted: string[];
}

export const installed = 'node_modules';

/** A path of the work tree for calls of the file system, which get its bytes. */
export const at = (workspace: string, path: string): Buffer =>
  Buffer.concat([Buffer.from(`${workspace}/`), Buffer.from(path, 'latin1')]);

/** The folders of these paths: `a/b/c` → `a`, `a/b`. */
export function foldersOf(paths: Iterable<string>): Set<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return folders;
}

/**
 * Looks at the work tree by itself: git would read the configuration of each repository that it finds.
 * @param tracked Folders with files of a tree; the others may hold a repository or installed packages.
 */
export function walk(workspace: string, tracked: ReadonlySet<string>, submodules: ReadonlySet<string>): Seen {
  const seen: Seen = {
    files: new Map(),
    submodules: new Set(),
    repositories: [],
    installed: [],
    modules: [],
    unlisted: [],
  };
  const open = [''];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const entries = list(workspace, folder, tracked.has(folder));
    if (entries === undefined) {
      seen.unlisted.push(folder);
      continue;
    }
    const repository = folder !== '' && entries.some(({ name }) => isGitFolder(name.toString('utf8')));
    if (repository) {
      seen.repositories.push(folder);
      if (!tracked.has(folder)) continue;
    }
    for (const entry of entries) {
      const name = entry.name.toString('latin1');
      const path = folder === '' ? name : `${folder}/${name}`;
      if (path === '.git' || (repository && isGitFolder(name))) continue;
      if (!entry.isDirectory())
        seen.files.set(path, entry.isFile() ? 'file' : entry.isSymbolicLink() ? 'link' : 'other');
      else if (submodules.has(path)) seen.submodules.add(path);
      else {
        const ofPackages = name === installed && isInstalled(folder, entries);
        if (ofPackages) seen.installed.push(path);
        // Programs find packages in others too, so that these are watched, and looked into.
        if (name === installed && !tracked.has(path)) seen.modules.push(path);
        if (!ofPackages || tracked.has(path)) open.push(path);
      }
      if (seen.files.size > maxFiles) throw tooMany(seen);
    }
  }
  return seen;
}

/** Whether a package manager makes such a folder: there is a manifest beside it, or it is that of the work tree. */
const isInstalled = (folder: string, beside: readonly { name: Buffer }[]): boolean =>
  folder === '' || beside.some(({ name }) => name.equals(manifest));
const manifest = Buffer.from('package.json');

function tooMany({ files }: Seen): DrydockError {
  const sizes = [...files.keys()].map((path) => ({ path: Buffer.from(path, 'latin1').toString('utf8'), size: 1 }));
  return new DrydockError('LimitExceeded', `the work tree has more than ${maxFiles} files${mostOf(sizes, 'files')}`);
}

function list(workspace: string, folder: string, tracked: boolean) {
  try {
    return readdirSync(at(workspace, folder), { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    // Nothing of a folder that nobody may read, or whose path is too long, can be recorded, and only files of a tree are
    // expected to be there.
    if (!tracked && folder !== '') return undefined;
    throw new DrydockError('ResultInvalid', `cannot be read in the work tree: ${(error as Error).message}`);
  }
}
