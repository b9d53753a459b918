import { DrydockError } from '../../core/errors.ts';
import type { PublishRequest } from '../../core/ports/host/code-host.ts';
import { branchHead, git } from './git.ts';
import { writeCommit, writeTree } from './objects.ts';

/**
 * Commits base plus change set and moves the branch there, provided that the branch is where this run left it. A branch
 * that another process has changed is never touched.
 */
export async function publishChange(repository: string, request: Omit<PublishRequest, 'repository'>): Promise<string> {
  const { previous, change } = request;
  const ref = `refs/heads/${request.branch}`;
  const tree = await writeTree(repository, change);
  const parents =
    previous === undefined ? [change.manifest.base] : await parentsOf(repository, previous, change.manifest.base);
  const commit = await writeCommit(repository, { tree, parents, message: request.message, at: request.at });
  const head = await branchHead(repository, request.branch);
  if (head === commit) return commit;
  if (head !== previous) {
    const where = head === undefined ? 'is gone' : `points to ${head.slice(0, 12)}, which is not a commit of this run`;
    throw new DrydockError('BranchTaken', `${request.branch} ${where}.`);
  }
  const expected = previous ?? '0'.repeat(40);
  const moved = await git(['update-ref', '--create-reflog', '-m', 'drydock', ref, commit, expected], {
    cwd: repository,
    allow: [1, 128],
  });
  if (moved.code !== 0)
    throw new DrydockError('BranchTaken', `${request.branch} was changed by another process in the meantime.`);
  return commit;
}

/**
 * A later round continues the earlier commit. If the target moved in between, the commit is a merge with the new base.
 */
async function parentsOf(repository: string, previous: string, base: string): Promise<string[]> {
  const known = await git(['merge-base', '--is-ancestor', base, previous], { cwd: repository, allow: [1] });
  return known.code === 0 ? [previous] : [previous, base];
}
