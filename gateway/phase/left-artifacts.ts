import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { artifactNames } from '../../sandbox/layout.ts';

/** What a phase put, by name; without what is being written, and without the install, which goes to its cache. */
export async function leftArtifacts(folder: string): Promise<Map<string, Uint8Array>> {
  const artifacts = new Map<string, Uint8Array>();
  for (const name of await readdir(folder)) {
    if (!name.startsWith('.') && name !== artifactNames.install)
      artifacts.set(name, await readFile(path.join(folder, name)));
  }
  return artifacts;
}
