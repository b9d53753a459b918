import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { DrydockError } from '../../core/errors.ts';
import type { CodeHost } from '../../core/ports.ts';
import { blameLine } from './blame.ts';
import { unifiedDiff } from './diff.ts';
import { exportBase } from './export-base.ts';
import { git, gitText } from './git.ts';
import { mergeOnto } from './merge.ts';
import { publishChange } from './publish.ts';
import { createPullRequests } from './pull-requests.ts';

/** Trees of this many commits are remembered; a run asks for the same one a handful of times. */
const rememberedTrees = 16;

/**
 * The `git` code host: any local repository by its absolute path, bare or with a work tree. Objects and one branch are
 * added; the work tree, the index and the checked-out branch stay as they are.
 */
export function createGitCodeHost(dataDir: string): CodeHost {
  const pullRequests = createPullRequests(join(dataDir, 'pull-requests'));
  const trees = new Map<string, Promise<Map<string, { mode: string; blobSha: string }>>>();

  const locate = async (path: string): Promise<string> => {
    const real = await realpath(path).catch(() => undefined);
    const inside = real && (await git(['rev-parse', '--git-dir'], { cwd: real, allow: [128] }));
    if (!real || !inside || inside.code !== 0) {
      throw new DrydockError('UnknownRepository', `${path} is not a git repository.`);
    }
    return real;
  };

  return {
    async resolve(repository, branch) {
      const cwd = await locate(repository);
      const found = await git(
        ['rev-parse', '--verify', '--quiet', '--end-of-options', `refs/heads/${branch}^{commit}`],
        {
          cwd,
          allow: [1, 128],
        },
      );
      if (found.code === 0) return found.stdout.toString().trim();
      throw new DrydockError('PolicyRefused', `${repository} has no branch ${branch}.`, {
        remedy: `Create the branch with a commit, or correct target_branch in the spec.`,
      });
    },

    async exportBase(repository, commit, depth) {
      const cwd = await locate(repository);
      return exportBase(join(dataDir, 'bases'), cwd, commit, depth);
    },

    async listTree(repository, commit) {
      const cwd = await locate(repository);
      const key = `${cwd} ${commit}`;
      const known = trees.get(key) ?? readTree(cwd, commit);
      trees.set(key, known);
      if (trees.size > rememberedTrees) trees.delete(trees.keys().next().value ?? key);
      return known;
    },

    async diff(repository, base, commit, maxBytes) {
      return unifiedDiff(await locate(repository), base, commit, maxBytes);
    },

    async readFile(repository, commit, path) {
      const cwd = await locate(repository);
      const found = await git(['cat-file', 'blob', `${commit}:${path}`], { cwd, allow: [128] });
      return found.code === 0 ? found.stdout : undefined;
    },

    async publish({ repository, ...request }) {
      return { commit: await publishChange(await locate(repository), request) };
    },

    async rebase(repository, change, onto) {
      return mergeOnto(await locate(repository), change, onto);
    },

    readPullRequest: (repository, branch) => pullRequests.read(repository, branch),
    async blame(repository, file, line) {
      return blameLine(await locate(repository), file, line);
    },
    openPullRequest: (request) => pullRequests.open(request),
    markReady: (repository, pullRequest) => pullRequests.markReady(repository, pullRequest.id),
  };
}

async function readTree(cwd: string, commit: string): Promise<Map<string, { mode: string; blobSha: string }>> {
  const listing = await gitText(['ls-tree', '-r', '-z', '--full-tree', commit], { cwd });
  const tree = new Map<string, { mode: string; blobSha: string }>();
  for (const line of listing.split('\0')) {
    const tab = line.indexOf('\t');
    if (tab < 0) continue;
    const [mode = '', , blobSha = ''] = line.slice(0, tab).split(' ');
    tree.set(line.slice(tab + 1), { mode, blobSha });
  }
  return tree;
}
