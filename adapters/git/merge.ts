import type { MergeRequest, MergeResult } from '../../core/ports/host/code-host.ts';
import type { ChangeSet } from '../../core/run/change-set.ts';
import { git, gitText } from './git.ts';
import { diffTrees, writeCommit, writeTree } from './objects.ts';
import { inScratch } from './scratch.ts';

/**
 * Three-way merge of base plus change onto a moved target. The base is the merge base even if the target's history was
 * rewritten.
 */
export const mergeOnto = (repository: string, change: ChangeSet, onto: string): Promise<MergeResult> =>
  inScratch(repository, async (scratch) => {
    const base = await treeOf(scratch, change.manifest.base);
    const trees = { base, ours: await treeOf(scratch, onto), theirs: await writeTree(scratch, change) };
    return threeWay(scratch, trees, onto);
  });

/** Three-way merge of two changes of the same commit. */
export const mergeChanges = (
  repository: string,
  { base, ancestor, ours, theirs, labels }: MergeRequest,
): Promise<MergeResult> =>
  inScratch(repository, async (scratch) => {
    const commit = await treeOf(scratch, base);
    const written = (change: ChangeSet | undefined) => (change ? writeTree(scratch, change) : commit);
    const trees = { base: await written(ancestor), ours: await written(ours), theirs: await written(theirs) };
    return threeWay(scratch, trees, base, labels);
  });

const treeOf = (cwd: string, commit: string): Promise<string> =>
  gitText(['rev-parse', '--verify', `${commit}^{tree}`], { cwd });

/**
 * Merges with `git merge-tree` in a scratch repository: no configured merge driver runs. The merged commits are created
 * with the base as their only parent, so that it is the merge base.
 * @param from The commit that the result is a change of.
 * @param labels Names of the sides in conflict markers.
 */
async function threeWay(
  scratch: string,
  trees: { base: string; ours: string; theirs: string },
  from: string,
  labels?: MergeRequest['labels'],
): Promise<MergeResult> {
  const commit = (tree: string, parents: string[], message: string) =>
    writeCommit(scratch, { tree, parents, message, at: 0 });
  const base = await commit(trees.base, [], 'base');
  const sides = {
    ours: await commit(trees.ours, [base], 'ours'),
    theirs: await commit(trees.theirs, [base], 'theirs'),
  };
  if (labels)
    for (const side of ['ours', 'theirs'] as const)
      await git(['update-ref', `refs/heads/${labels[side]}`, sides[side]], { cwd: scratch });
  const { ours, theirs } = labels ?? sides;
  const merge = ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', ours, theirs];
  const merged = await git(merge, { cwd: scratch, allow: [1] });
  const [result = '', ...paths] = merged.stdout
    .toString()
    .split('\0')
    .filter((field) => field !== '');
  return { change: await diffTrees(scratch, from, result), conflicts: merged.code === 1 ? paths : [] };
}
