import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { RepositoryFiles } from '../core/installation/installation.ts';

/** Bytes of a file that are read; lock files of large projects have a few MiB. */
const maxRead = 32 * 1024 * 1024;

/** The files of a work tree, which untrusted code may have written: no link is followed, and no pipe waited for. */
export function workTreeFiles(workspace: string): RepositoryFiles {
  /** Whether no folder of the path is a link. */
  const isInside = (path: string): boolean => {
    const parts = path.split('/');
    return parts.every((part, i) => {
      if (part === '' || part === '.' || part === '..') return false;
      const stat = lstatSync(join(workspace, ...parts.slice(0, i + 1)), { throwIfNoEntry: false });
      return i === parts.length - 1 ? stat !== undefined : stat?.isDirectory() === true;
    });
  };
  return {
    has: isInside,
    read(path) {
      if (!isInside(path)) return undefined;
      let fd: number;
      try {
        fd = openSync(join(workspace, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      } catch {
        return undefined;
      }
      try {
        const stat = fstatSync(fd);
        if (!stat.isFile()) return undefined;
        const bytes = Buffer.alloc(Math.min(stat.size, maxRead));
        return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0));
      } finally {
        closeSync(fd);
      }
    },
  };
}
