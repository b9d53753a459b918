import { DrydockError } from '../../core/errors.ts';
import type { PublishRequest } from '../../core/ports/host/code-host.ts';
import { branchHead, git } from './git.ts';
import { writeCommit, writeTree } from './objects.ts';

/**
 * Commits base plus change set and moves the branch there, from exactly where this run left it. A branch that somebody
 * else holds is never touched.
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
    const where = head === undefined ? 'is gone' : `is at ${head.slice(0, 12)}, which this run did not put there`;
    throw new DrydockError('BranchTaken', `${request.branch} ${where}.`);
  }
  const expected = previous ?? '0'.repeat(40);
  const moved = await git(['update-ref', '--create-reflog', '-m', 'drydock', ref, commit, expected], {
    cwd: repository,
    allow: [1, 128],
  });
  if (moved.code !== 0)
    throw new DrydockError('BranchTaken', `${request.branch} was changed by somebody else meanwhile.`);
  return commit;
}

/** A later round comes on top of the earlier one; where the target moved in between, the commit merges it in. */
async function parentsOf(repository: string, previous: string, base: string): Promise<string[]> {
  const known = await git(['merge-base', '--is-ancestor', base, previous], { cwd: repository, allow: [1] });
  return known.code === 0 ? [previous] : [previous, base];
}
