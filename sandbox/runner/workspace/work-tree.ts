import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DrydockError } from '../../../core/errors.ts';
import type { OwnGit } from './git.ts';
import { readTree, type Tree } from './trees.ts';

/** What the gateway serves: the base, the tags of its history, and the commits that its submodules pin. */
const served = ['heads/base', 'tags/*', 'submodules/*'].map((ref) => `+refs/${ref}:refs/${ref}`);

/**
 * Fetches the base with the history that the gateway serves, and lists its files.
 * @throws Internal if the gateway serves another commit.
 */
export async function fetchBase(git: OwnGit, base: string, relay: string, secret: string): Promise<Tree> {
  await git.run(['fetch', '--quiet', '--no-tags', '--update-shallow', `${relay}/git/base.git`, ...served], {
    env: {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'http.extraHeader',
      GIT_CONFIG_VALUE_0: `Authorization: Bearer ${secret}`,
    },
  });
  const asked = ['refs/heads/base^{commit}', 'refs/heads/base^{tree}'];
  const [found = '', tree = ''] = (await git.run(['rev-parse', ...asked])).toString().split('\n');
  if (found !== base)
    throw new DrydockError('Internal', `the gateway serves ${found}, but the phase starts from ${base}`);
  return readTree(git, tree);
}

/** Checks out a tree into the work tree; files that only the tree before has are removed. */
export async function checkOut(git: OwnGit, tree: Tree): Promise<void> {
  await git.run(['read-tree', '--reset', '-u', tree.id], { index: 'index' });
}

/** Restores tracked files and removes untracked files that are not ignored. */
export async function restore(git: OwnGit, tree: Tree): Promise<void> {
  await git.run(['read-tree', '--reset', '-u', tree.id], { index: 'index' });
  await git.run(['clean', '--quiet', '-ffd', '-e', '/.git'], { index: 'index' });
}

/**
 * Gives the agent an ordinary repository: history with its tags, the remote-tracking ref of the target branch, a branch
 * `work` at the base, the change so far uncommitted.
 */
export async function agentRepository(
  git: OwnGit,
  workspace: string,
  base: string,
  target: string | undefined,
): Promise<string> {
  const dir = join(workspace, '.git');
  await rm(dir, { recursive: true, force: true });
  await promisify(execFile)('cp', ['-R', '--', git.dir, dir]);
  await writeFile(join(dir, 'refs/heads/work'), `${base}\n`);
  await writeFile(join(dir, 'HEAD'), 'ref: refs/heads/work\n');
  await git.run(['read-tree', 'refs/heads/work'], { env: { GIT_DIR: dir, GIT_INDEX_FILE: join(dir, 'index') } });
  // Its attributes are those of the files.
  await rm(join(dir, 'info/attributes'), { force: true });
  // Those of submodules are no part of its history.
  await rm(join(dir, 'refs/submodules'), { recursive: true, force: true });
  if (target !== undefined)
    await git.run(['update-ref', `refs/remotes/origin/${target}`, base], { env: { GIT_DIR: dir } });
  return dir;
}
