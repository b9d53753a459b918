import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChangeSet } from '../../core/run/change-set.ts';
import { git, gitText } from './git.ts';
import { diffTrees, withTempFolder, writeCommit, writeTree } from './objects.ts';

/**
 * Three-way merge of base plus change onto a moved target, with `git merge-tree`. It works in a scratch repository that
 * reads the objects of the real one, so nothing is written there and no configured merge driver runs. The merged
 * commits are created with the base as their only parent, so the base is the merge base even if the target's history
 * was rewritten.
 */
export async function mergeOnto(
  repository: string,
  change: ChangeSet,
  onto: string,
): Promise<{ change: ChangeSet; conflicts: string[] }> {
  return withTempFolder(async (scratch) => {
    const objects = await gitText(['rev-parse', '--path-format=absolute', '--git-path', 'objects'], {
      cwd: repository,
    });
    await git(['init', '--quiet', '--bare', scratch], { cwd: scratch });
    await writeFile(join(scratch, 'objects', 'info', 'alternates'), `${JSON.stringify(objects)}\n`);
    const treeOf = (commit: string) => gitText(['rev-parse', '--verify', `${commit}^{tree}`], { cwd: scratch });
    const commit = (tree: string, parents: string[], message: string) =>
      writeCommit(scratch, { tree, parents, message, at: 0 });
    const base = await commit(await treeOf(change.manifest.base), [], 'base');
    const ours = await commit(await writeTree(scratch, change), [base], 'ours');
    const theirs = await commit(await treeOf(onto), [base], 'theirs');
    const merge = ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', theirs, ours];
    const merged = await git(merge, { cwd: scratch, allow: [1] });
    const [result = '', ...paths] = merged.stdout
      .toString()
      .split('\0')
      .filter((field) => field !== '');
    return { change: await diffTrees(scratch, onto, result), conflicts: merged.code === 1 ? paths : [] };
  });
}
