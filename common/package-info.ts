import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Folder with Drydock's `package.json`: the checkout or the installed package. Sources and compiled files are below.
 */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder) throw new Error(`No package.json above ${import.meta.dirname}.`);
    folder = dirname(folder);
  }
  return folder;
}

/** Version in Drydock's `package.json`. */
export const version = (): string =>
  (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
