import { createHash, randomBytes } from 'node:crypto';
import { access, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DrydockError } from '../../../core/errors.ts';
import type { Artifacts } from '../../../core/ports/store/artifacts.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * Artifacts by digest in a folder. Each file is written under a temporary name, synced and renamed, so it is never
 * partial.
 */
export function createFolderArtifacts(folder: string): Artifacts {
  const pathOf = (digest: string): string => {
    if (!/^[0-9a-f]{64}$/.test(digest)) throw new DrydockError('FileUnreadable', `${digest} is not a digest.`);
    return join(folder, digest.slice(0, 2), digest.slice(2));
  };
  return {
    async put(bytes) {
      const digest = sha256(bytes);
      const file = pathOf(digest);
      const exists = await access(file).then(
        () => true,
        () => false,
      );
      if (exists) return digest;
      await mkdir(dirname(file), { recursive: true });
      const temporary = `${file}.${randomBytes(6).toString('hex')}`;
      const handle = await open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, file);
      return digest;
    },
    async get(digest) {
      const bytes = await readFile(pathOf(digest)).catch(() => undefined);
      if (!bytes) throw new DrydockError('FileUnreadable', `There is no artifact ${digest}.`);
      if (sha256(bytes) !== digest) throw new DrydockError('FileUnreadable', `Artifact ${digest} is damaged.`);
      return bytes;
    },
  };
}
