import type { Octokit } from '@octokit/rest';
import { ownerAndRepo } from '../api/access.ts';

/** A file of a tree. `bytes`: its size, if the host reports it. */
export interface TreeEntry {
  mode: string;
  blobSha: string;
  bytes?: number;
}
export type Tree = Map<string, TreeEntry>;

/** All files of a commit or tree, by path. If one response cannot hold the tree, it is read folder by folder. */
export async function readTree(octokit: Octokit, repository: string, treeish: string): Promise<Tree> {
  const tree: Tree = new Map();
  const walk = async (sha: string, prefix: string): Promise<void> => {
    const get = (recursive: boolean) =>
      octokit.git.getTree({ ...ownerAndRepo(repository), tree_sha: sha, ...(recursive ? { recursive: '1' } : {}) });
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
