import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { DrydockError } from '../../../core/errors.ts';
import type { Entry } from './trees.ts';
import { at, type Kind } from './walk.ts';

const chunk = Buffer.allocUnsafe(1024 * 1024);

const link = '120000';

/** The entry of a file or link of the work tree as it is now. @throws ResultInvalid if it cannot be read. */
export function entryOf(workspace: string, path: string, kind: Kind): Entry {
  if (kind === 'link') {
    const target = readlinkSync(at(workspace, path), { encoding: 'buffer' });
    return { mode: link, sha: blobHash(target.length).update(target).digest('hex') };
  }
  return withFile(workspace, path, (fd, bytes, mode) => {
    const hash = blobHash(bytes);
    for (let left = bytes; left > 0; ) {
      const read = readSync(fd, chunk, 0, Math.min(left, chunk.length), null);
      if (read === 0) throw unreadable(path, 'it became shorter');
      hash.update(chunk.subarray(0, read));
      left -= read;
    }
    return { mode: (mode & 0o100) === 0 ? '100644' : '100755', sha: hash.digest('hex') };
  });
}

/** The content of a path as it was recorded; undefined if it has more than `most` bytes. */
export function contentOf(workspace: string, path: string, entry: Entry, most: number): Buffer | undefined {
  const content =
    entry.mode === link
      ? readlinkSync(at(workspace, path), { encoding: 'buffer' })
      : withFile(workspace, path, (fd, bytes) => {
          if (bytes > most) return undefined;
          const all = Buffer.alloc(bytes);
          for (let from = 0; from < bytes; ) {
            const read = readSync(fd, all, from, bytes - from, null);
            if (read === 0) throw unreadable(path, 'it became shorter');
            from += read;
          }
          return all;
        });
  if (content !== undefined && blobHash(content.length).update(content).digest('hex') !== entry.sha)
    throw unreadable(path, 'it changed while it was recorded');
  return content;
}

const blobHash = (bytes: number) => createHash('sha1').update(`blob ${bytes}\0`);

/** Opens a regular file; a link is not followed, and a pipe does not wait for a writer. */
function withFile<T>(workspace: string, path: string, use: (fd: number, bytes: number, mode: number) => T): T {
  let fd: number;
  try {
    fd = openSync(at(workspace, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw unreadable(path, (error as NodeJS.ErrnoException).code ?? 'it cannot be opened');
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw unreadable(path, 'it is not a regular file');
    return use(fd, stat.size, stat.mode);
  } finally {
    closeSync(fd);
  }
}

export const unreadable = (path: string, why: string): DrydockError =>
  new DrydockError('ResultInvalid', `cannot be recorded in the work tree: ${shown(path)}: ${why}`);

/** A path for people. */
export const shown = (path: string): string => Buffer.from(path, 'latin1').toString('utf8').slice(0, 1_000);
