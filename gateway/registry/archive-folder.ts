import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveStore } from './archives.ts';

/** Package archives in a folder, one file per checksum. */
export function createArchiveFolder(folder: string): ArchiveStore {
  const fileOf = (sha512: string): string => join(folder, `${sha512}.tgz`);
  return {
    async get(sha512) {
      const now = new Date();
      // The least recently used archives are deleted first.
      await utimes(fileOf(sha512), now, now).catch(() => undefined);
      return readFile(fileOf(sha512)).catch(() => undefined);
    },
    async put(sha512, bytes) {
      const partial = join(folder, `.${randomUUID()}`);
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(partial, bytes, { flag: 'wx', mode: 0o600 });
        await rename(partial, fileOf(sha512));
      } catch {
        // A disk that is full keeps no archive, and the phase goes on.
        await rm(partial, { force: true }).catch(() => undefined);
      }
    },
  };
}
