import { rename, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveStore } from './archives.ts';

/** Package archives in a folder, one file per key. */
export function createArchiveFolder(folder: string): ArchiveStore {
  const fileOf = (key: string): string => join(folder, `${key}.tgz`);
  return {
    incoming: folder,
    async get(key) {
      const now = new Date();
      try {
        // The least recently used archives are deleted first; one that is not there has no time.
        await utimes(fileOf(key), now, now);
        return { file: fileOf(key), release: async () => {} };
      } catch {
        return undefined;
      }
    },
    async put(key, file) {
      await rename(file, fileOf(key)).catch(() => undefined);
    },
  };
}
