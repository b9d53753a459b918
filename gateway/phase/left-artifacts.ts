import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { maxChangeBytes } from '../../core/run/change-set.ts';
import { artifactNames } from '../../sandbox/layout.ts';

const mib = 1024 * 1024;
/** Limit in bytes for each artifact that is used after its phase. */
const maxBytes: Readonly<Record<string, number>> = {
  [artifactNames.result]: 16 * mib,
  [artifactNames.manifest]: 32 * mib,
  [artifactNames.blobs]: maxChangeBytes,
};

/** Limit in bytes for an artifact of this name, if it has a narrower one than the phase's disk. */
export const artifactLimit = (name: string): number =>
  Object.hasOwn(maxBytes, name) ? (maxBytes[name] ?? 0) : Number.POSITIVE_INFINITY;

/**
 * The files of the artifacts of a phase that are used after it, by name. The others stay: they may be as large as the disk
 * limit of the phase. The install goes into the cache as a file.
 */
export async function leftFiles(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const [name, max] of Object.entries(maxBytes)) {
    const file = join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (found && found.size <= max) files.set(name, file);
  }
  return files;
}

/** The same, read into memory. */
export async function leftArtifacts(folder: string): Promise<Map<string, Uint8Array>> {
  const artifacts = new Map<string, Uint8Array>();
  for (const [name, file] of await leftFiles(folder)) artifacts.set(name, await readFile(file));
  return artifacts;
}
