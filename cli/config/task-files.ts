import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DrydockError } from '../../core/errors.ts';
import { gitRoot } from './repositories.ts';
import { unreadable } from './unreadable.ts';

/** More files than a person keeps in one folder. */
const maxFiles = 1_000;

/** The root of the work tree that one stands in. @throws UnknownRepository. */
export function standingRoot(): string {
  const root = gitRoot(process.cwd());
  if (root !== undefined) return root;
  throw new DrydockError('UnknownRepository', 'You stand outside of any git repository.', {
    remedy: 'Change to the repository, and run the command again.',
  });
}

/** Names of the Markdown files of a folder of the repository, sorted; none if there is no such folder. */
export function markdownFiles(root: string, folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(join(root, folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable('folder', join(root, folder), error);
  }
  const files = names.filter((name) => name.endsWith('.md') && name.toLowerCase() !== 'readme.md').sort();
  if (files.length <= maxFiles) return files;
  throw new DrydockError('LimitExceeded', `${folder} has ${files.length} files; the limit is ${maxFiles}.`, {
    remedy: 'Move files that are no longer needed out of the folder.',
  });
}

/** @param what What the file is, for the message. @throws FileUnreadable. */
export function readBytes(what: string, file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unreadable(what, file, error);
  }
}
