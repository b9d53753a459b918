import { constants } from 'node:fs';
import { access, readFile, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { DrydockError } from '../../../../core/errors.ts';

/** Finds a program in the host's PATH. */
export async function which(name: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    const file = join(folder, name);
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  return undefined;
}

/** The host's npm package; `undefined` if `npm` is a wrapper script. @throws ToolMissing. */
export async function npmPackage(): Promise<{ root: string; version: string } | undefined> {
  const npm = await which('npm');
  if (npm === undefined) throw new DrydockError('ToolMissing', 'npm is not in PATH');
  const root = dirname(dirname(await realpath(npm)));
  const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8').catch(() => 'null'));
  if (typeof manifest !== 'object' || manifest === null || !('name' in manifest) || manifest.name !== 'npm')
    return undefined;
  return { root, version: 'version' in manifest ? String(manifest.version) : '' };
}
