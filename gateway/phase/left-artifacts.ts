import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { artifactNames } from '../../sandbox/layout.ts';

/** The artifacts of a phase by name, without incomplete files, and without the install, which goes into the cache. */
export async function leftArtifacts(folder: string): Promise<Map<string, Uint8Array>> {
  const artifacts = new Map<string, Uint8Array>();
  for (const name of await readdir(folder)) {
    if (!name.startsWith('.') && name !== artifactNames.install)
      artifacts.set(name, await readFile(join(folder, name)));
  }
  return artifacts;
}
