import type { Octokit } from '@octokit/rest';
import { DrydockError } from '../../../core/errors.ts';
import { ownerAndRepo } from '../api/access.ts';

/** A file of a tree. `bytes`: its size, if the host reports it. */
export interface TreeEntry {
  mode: string;
  blobSha: string;
  bytes?: number;
}
export type Tree = Map<string, TreeEntry>;

/** Files of a tree, and requests for them: a few folders in each other can stand for any number of files. */
const maxFiles = 500_000;
const maxRequests = 1_000;

/**
 * All files of a commit or tree, by path. If one response cannot hold the tree, it is read folder by folder.
 * @throws LimitExceeded for too many files.
 */
export async function readTree(octokit: Octokit, repository: string, treeish: string): Promise<Tree> {
  const tree: Tree = new Map();
  let requests = 0;
  const walk = async (sha: string, prefix: string): Promise<void> => {
    const get = (recursive: boolean) =>
      octokit.git.getTree({ ...ownerAndRepo(repository), tree_sha: sha, ...(recursive ? { recursive: '1' } : {}) });
    requests += 1;
    if (requests > maxRequests || tree.size > maxFiles)
      throw new DrydockError('LimitExceeded', `The tree of ${repository} has too many files or folders to be listed.`, {
        remedy: 'Remove files from the repository, or use a part of it that is a repository of its own.',
      });
    let { data } = await get(true);
    const whole = !data.truncated;
    if (!whole) ({ data } = await get(false));
    for (const entry of data.tree) {
      const path = `${prefix}${entry.path}`;
      if (entry.type === 'tree') {
        if (!whole) await walk(entry.sha, `${path}/`);
      } else {
        const size = typeof entry.size === 'number' ? { bytes: entry.size } : {};
        tree.set(path, { mode: entry.mode, blobSha: entry.sha, ...size });
      }
    }
  };
  await walk(treeish, '');
  return tree;
}
