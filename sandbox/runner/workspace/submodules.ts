import { realpathSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { OwnGit } from './git.ts';
import { type Files, readTree } from './trees.ts';

/**
 * Checks out the submodules of a tree, and those of submodules, whose commits were fetched with the base. Their folders
 * belong to no change: files in them are not recorded.
 */
export async function checkOutSubmodules(git: OwnGit, workspace: string, files: Files): Promise<void> {
  const open = linksOf(files, '');
  if (open.length === 0) return;
  const refs = await git.run(['for-each-ref', '--format=%(refname:lstrip=2)', 'refs/submodules']);
  const fetched = new Set(refs.toString().split('\n'));
  const root = realpathSync(workspace);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const folder = join(root, next.path);
    if (!fetched.has(next.sha)) continue;
    await mkdir(folder, { recursive: true });
    // A link in its path would lead out of the work tree.
    if (realpathSync(folder) !== folder) continue;
    await git.run(['read-tree', '--reset', '-u', next.sha], {
      index: 'submodule.index',
      env: { GIT_WORK_TREE: folder },
    });
    open.push(...linksOf((await readTree(git, next.sha)).files, `${next.path}/`));
  }
}

/** The submodules of a tree. A path that is not text is left out, because an environment cannot hold it. */
const linksOf = (files: Files, prefix: string): { path: string; sha: string }[] =>
  [...files].flatMap(([path, { mode, sha }]) => {
    const text = Buffer.from(path, 'latin1').toString('utf8');
    return mode === '160000' && Buffer.from(text).toString('latin1') === path ? [{ path: prefix + text, sha }] : [];
  });
