import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChangeSet } from '../../core/run/change-set.ts';
import { git, gitText } from './git.ts';
import { diffTrees, withTempFolder, writeCommit, writeTree } from './objects.ts';

/**
 * Three-way merge of base plus change onto a moved target, by `git merge-tree`. All objects of the attempt go into a
 * scratch folder that reads from the repository, so that nothing is left there.
 */
export async function mergeOnto(
  repository: string,
  change: ChangeSet,
  onto: string,
): Promise<{ change: ChangeSet; conflicts: string[] }> {
  return withTempFolder(async (folder) => {
    const objects = join(folder, 'objects');
    await mkdir(join(objects, 'pack'), { recursive: true });
    const source = await gitText(['rev-parse', '--path-format=absolute', '--git-path', 'objects'], { cwd: repository });
    const env = { GIT_OBJECT_DIRECTORY: objects, GIT_ALTERNATE_OBJECT_DIRECTORIES: source };
    const tree = await writeTree(repository, change, env);
    const ours = await writeCommit(repository, { tree, parents: [change.manifest.base], message: 'ours', at: 0 }, env);
    const merged = await git(
      ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', '--allow-unrelated-histories', onto, ours],
      {
        cwd: repository,
        env,
        allow: [1],
      },
    );
    const [result = '', ...paths] = merged.stdout
      .toString()
      .split('\0')
      .filter((field) => field !== '');
    return { change: await diffTrees(repository, onto, result, env), conflicts: merged.code === 1 ? paths : [] };
  });
}
