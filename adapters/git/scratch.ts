import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitText } from './git.ts';
import { withTempFolder } from './objects.ts';

/**
 * Works in a new bare repository that reads the objects of another one: it has no configuration, attributes, refs or
 * work tree of that repository, and nothing is written there.
 */
export async function inScratch<T>(repository: string, work: (scratch: string) => Promise<T>): Promise<T> {
  const where = ['rev-parse', '--path-format=absolute', '--git-path', 'objects'];
  const objects = await gitText(where, { cwd: repository });
  return withTempFolder(async (scratch) => {
    // The files of `git init --bare` (gitrepository-layout), without a process.
    for (const part of ['objects/info', 'refs/heads']) await mkdir(join(scratch, part), { recursive: true });
    await writeFile(join(scratch, 'HEAD'), 'ref: refs/heads/none\n');
    await writeFile(join(scratch, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n');
    await writeFile(join(scratch, 'objects', 'info', 'alternates'), `${JSON.stringify(objects)}\n`);
    return work(scratch);
  });
}
