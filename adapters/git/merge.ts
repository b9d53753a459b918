import type { ChangeSet } from '../../core/run/change-set.ts';
import { git, gitText } from './git.ts';
import { diffTrees, writeCommit, writeTree } from './objects.ts';
import { inScratch } from './scratch.ts';

/**
 * Three-way merge of base plus change onto a moved target, with `git merge-tree`, in a scratch repository: no configured
 * merge driver runs. The merged
 * commits are created with the base as their only parent, so the base is the merge base even if the target's history
 * was rewritten.
 */
export async function mergeOnto(
  repository: string,
  change: ChangeSet,
  onto: string,
): Promise<{ change: ChangeSet; conflicts: string[] }> {
  return inScratch(repository, async (scratch) => {
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
