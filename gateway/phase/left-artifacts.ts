import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { artifactNames } from '../../sandbox/layout.ts';

const mib = 1024 * 1024;
/** Limit in bytes for each artifact that is read into memory. The runner stops at 256 MiB of changed files. */
const maxBytes: Readonly<Record<string, number>> = {
  [artifactNames.result]: 16 * mib,
  [artifactNames.manifest]: 32 * mib,
  [artifactNames.blobs]: 256 * mib,
};

/** Limit in bytes for an artifact of this name, if it has a narrower one than the phase's disk. */
export const artifactLimit = (name: string): number =>
  Object.hasOwn(maxBytes, name) ? (maxBytes[name] ?? 0) : Number.POSITIVE_INFINITY;

/**
 * The artifacts of a phase that are used after it, by name. The others are not read: they may be as large as the disk
 * limit of the phase. The install goes into the cache as a file.
 */
export async function leftArtifacts(folder: string): Promise<Map<string, Uint8Array>> {
  const artifacts = new Map<string, Uint8Array>();
  for (const [name, max] of Object.entries(maxBytes)) {
    const file = await open(join(folder, name)).catch(() => undefined);
    if (file === undefined) continue;
    try {
      if ((await file.stat()).size <= max) artifacts.set(name, await file.readFile());
    } finally {
      await file.close();
    }
  }
  return artifacts;
}
