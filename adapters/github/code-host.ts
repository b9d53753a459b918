import type { Collaboration } from '../../core/collaboration.ts';
import { DrydockError } from '../../core/errors.ts';
import type { CodeHost, CodeHostScope } from '../../core/ports.ts';
import { blameLine } from '../git/blame.ts';
import { unifiedDiff } from '../git/diff.ts';
import { mergeOnto } from '../git/merge.ts';
import { type GitHubAccess, ownerAndRepo } from './access.ts';
import { statusOf } from './errors.ts';
import { createMirror } from './mirror.ts';
import { publishChange } from './publish.ts';
import { createPullRequests } from './pull-requests.ts';
import { readTree, type Tree } from './tree.ts';

export interface GitHubCodeHostOptions {
  access: GitHubAccess;
  dataDir: string;
  scope: CodeHostScope;
  collaboration?: Collaboration;
}

/**
 * The `github` code host, for one repository and the credentials of one run. Reads and writes go by API; what needs
 * history (the base that a gateway serves, merges, diffs, blame) by a bare fetch in the data folder.
 */
export function createGitHubCodeHost({ access, dataDir, scope, collaboration }: GitHubCodeHostOptions): CodeHost {
  const mirror = createMirror(access, scope, dataDir);
  const pullRequests = createPullRequests(access, scope);
  const trees = new Map<string, Promise<Tree>>();
  const treeAt = (commit: string): Promise<Tree> => {
    const known = trees.get(commit);
    if (known) return known;
    const tree = access.use(scope, 'read', (octokit) => readTree(octokit, scope.repository, commit));
    trees.set(commit, tree);
    tree.catch(() => trees.delete(commit));
    return tree;
  };

  return {
    async resolve(repository, branch) {
      if (branch === '' || /[\0-\x20\x7F~^:?*[\\]|\.\.|@\{/.test(branch)) throw noBranch(repository, branch);
      try {
        return await access.use(scope, 'read', async (octokit) => {
          const { data } = await octokit.git.getRef({ ...ownerAndRepo(repository), ref: `heads/${branch}` });
          return data.object.sha;
        });
      } catch (error) {
        // 409: the repository is empty.
        if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
        await mustExist(repository);
        throw noBranch(repository, branch);
      }
    },

    exportBase: mirror.exportBase,
    listTree: (_repository, commit) => treeAt(commit),

    async readFile(repository, commit, path) {
      const entry = (await treeAt(commit)).get(path);
      if (!entry || entry.mode === '160000') return undefined;
      return access.use(scope, 'read', async (octokit) => {
        const { data } = await octokit.git.getBlob({ ...ownerAndRepo(repository), file_sha: entry.blobSha });
        return Buffer.from(data.content, 'base64');
      });
    },

    diff: async (repository, base, commit, maxBytes) =>
      unifiedDiff(await mirror.with(repository, [base, commit]), base, commit, maxBytes),
    rebase: async (repository, change, onto) =>
      mergeOnto(await mirror.with(repository, [change.manifest.base, onto]), change, onto),
    blame: async (repository, file, line) => blameLine(await mirror.head(repository), file, line),

    publish: async ({ repository, ...request }) => ({
      commit: await access.use(scope, 'write', (octokit) => publishChange(octokit, repository, request)),
    }),
    ...pullRequests,
    release: () => (scope.run === undefined ? Promise.resolve() : access.release(scope.run)),
    ...(collaboration ? { collaboration } : {}),
  };

  /** @throws UnknownRepository for one that is not there, or that the app is not on. */
  async function mustExist(repository: string): Promise<void> {
    try {
      await access.use(scope, 'read', (octokit) => octokit.repos.get(ownerAndRepo(repository)));
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
      throw new DrydockError('UnknownRepository', `${repository} is not on GitHub, or out of the app's reach.`, {
        remedy: 'Install the app on it; `drydock doctor` says what is missing.',
      });
    }
  }
}

const noBranch = (repository: string, branch: string): DrydockError =>
  new DrydockError('PolicyRefused', `${repository} has no branch ${branch}.`, {
    remedy: 'Create the branch with a commit, or correct target_branch in the spec.',
  });
