import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type ImageName,
  imageNames,
  imagesFolder,
  writeContexts,
} from '../../adapters/local/containers/images/contexts.ts';
import { lintDockerfile } from './lint.ts';

const root = resolve(import.meta.dirname, '../..');

/** @internal for its tests */
export const dockerfileOf = (image: ImageName): string =>
  readFileSync(join(imagesFolder(root), image, 'Dockerfile'), 'utf8');

/**
 * Writes the build contexts of all images.
 * @param outDir Folder that is emptied first.
 * @throws Error if a Dockerfile breaks a rule of `lint.ts`.
 */
export async function writeCheckedContexts(outDir: string): Promise<string[]> {
  const faults = imageNames.flatMap((image) =>
    lintDockerfile(dockerfileOf(image)).map(
      ({ line, rule, message }) => `${image}/Dockerfile:${line} ${rule}: ${message}`,
    ),
  );
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return writeContexts(root, outDir);
}
