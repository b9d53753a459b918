import { DrydockError } from '../../core/errors.ts';
import type { CodeHost, CodeHostScope } from '../../core/ports/host/code-host.ts';
import type { Collaboration } from '../../core/ports/host/collaboration.ts';
import type { Thread } from '../../core/ports/runtime/thread.ts';
import { type GitHubAccess, ownerAndRepo } from './api/access.ts';
import { statusOf } from './api/errors.ts';
import type { Comparing } from './merge/comparing.ts';
import type { History } from './repository/history.ts';
import { limitConcurrency, type Objects, readBlob } from './repository/objects.ts';
import { publishChange } from './repository/publish.ts';
import { createPullRequests } from './repository/pull-requests.ts';
import { readTree, type Tree } from './repository/tree.ts';

interface GitHubCodeHostOptions {
  access: GitHubAccess;
  dataDir: string;
  scope: CodeHostScope;
  thread: Thread;
  collaboration?: Collaboration;
  /** Without it, `diff`, `rebase` and `merge` are defects of the program. */
  comparing?: Comparing | undefined;
  /** Without it, `exportBase` and `blame` are defects of the program. */
  history?: History | undefined;
}

/**
 * The `github` code host, for one repository and the credentials of one run. Reads and writes use the API. Operations
 * that need history (the base that a gateway serves, blame) use a bare repository in the data folder.
 */
export function createGitHubCodeHost(options: GitHubCodeHostOptions): CodeHost {
  const { access, dataDir, scope, thread, collaboration } = options;
  const mirror = options.history?.createMirror(access, scope, dataDir);
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
  const objects: Objects = {
    tree: treeAt,
    blob: (sha) => access.use(scope, 'read', (octokit) => readBlob(octokit, scope.repository, sha)),
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

    exportBase: (...given) => withHistory(mirror).exportBase(...given),
    listTree: (_repository, commit) => treeAt(commit),

    async readFile(_repository, commit, path) {
      const entry = (await treeAt(commit)).get(path);
      if (!entry || entry.mode === '160000') return undefined;
      return objects.blob(entry.blobSha);
    },

    async readFiles(_repository, commit, paths, maxBytes) {
      const tree = await treeAt(commit);
      const found = paths.flatMap((path) => {
        const entry = tree.get(path);
        return entry && entry.mode !== '160000' ? [{ path, ...entry }] : [];
      });
      const total = found.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
      if (total > maxBytes) throw tooMuch(total, maxBytes);
      const read = limitConcurrency(objects.blob);
      return new Map(await Promise.all(found.map(async ({ path, blobSha }) => [path, await read(blobSha)] as const)));
    },

    diff: async (_repository, base, commit, maxBytes) =>
      comparison().unifiedDiff(thread, objects, base, commit, maxBytes),
    rebase: async (_repository, change, onto) => comparison().mergeOnto(thread, objects, change, onto),
    merge: async (_repository, request) => comparison().mergeChanges(thread, objects, request),
    blame: async (repository, file, line) =>
      withHistory(options.history).blameLine(await withHistory(mirror).head(repository), file, line),

    publish: async ({ repository, ...request }) => ({
      commit: await access.use(scope, 'write', (octokit) => publishChange(octokit, repository, request)),
    }),
    publishing: (work) => access.writing(scope, work),
    ...pullRequests,
    release: () => (scope.run === undefined ? Promise.resolve() : access.release(scope.run)),
    ...(collaboration ? { collaboration } : {}),
  };

  function withHistory<T>(part: T | undefined): T {
    if (part !== undefined) return part;
    throw new DrydockError('Internal', 'This program has no copy of a repository.');
  }

  function comparison(): Comparing {
    if (options.comparing !== undefined) return options.comparing;
    throw new DrydockError('Internal', 'This program does not compare commits.');
  }

  /** @throws UnknownRepository if the repository does not exist or the app is not installed on it. */
  async function mustExist(repository: string): Promise<void> {
    try {
      await access.use(scope, 'read', (octokit) => octokit.repos.get(ownerAndRepo(repository)));
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
      throw new DrydockError(
        'UnknownRepository',
        `${repository} does not exist on GitHub, or the app is not installed on it.`,
        {
          remedy: 'Install the app on it; `drydock doctor` lists what is missing.',
        },
      );
    }
  }
}

const tooMuch = (bytes: number, limit: number): DrydockError =>
  new DrydockError('LimitExceeded', `The changed files have ${bytes} bytes at the base; ${limit} can be compared.`, {
    remedy: 'Split the task: the changed files are too large to be compared.',
  });

const noBranch = (repository: string, branch: string): DrydockError =>
  new DrydockError('PolicyRefused', `${repository} has no branch ${branch}.`, {
    remedy: 'Create the branch with a commit, or correct target_branch in the spec.',
  });
