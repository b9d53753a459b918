import { existsSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DrydockError } from '../../core/errors.ts';
import type { CodeHost } from '../../core/ports/host/code-host.ts';
import { movedBranch } from '../../core/review/moved-branch.ts';
import { blameLine } from './blame.ts';
import { readBlobs } from './blobs.ts';
import { unifiedDiff } from './diff.ts';
import { exportBase, withSubmodules } from './export-base.ts';
import { branchHead, git, gitText } from './git.ts';
import { mergeChanges, mergeOnto } from './merge.ts';
import { publishChange } from './publish.ts';
import { createPullRequests } from './pull-requests.ts';

type Tree = Map<string, { mode: string; blobSha: string }>;

/** Number of trees that are cached, and of their files; a run reads the same tree several times. */
const maxTrees = 16;
const maxCachedFiles = 1_000_000;
/** Bytes of a list of paths: half a million of them. A few folders in each other can stand for any number of files. */
const maxListing = 64 * 1024 * 1024;
/** Bytes of a file that is read alone. */
const maxFile = 256 * 1024 * 1024;

/**
 * The `git` code host: any local repository by its absolute path, bare or with a work tree. It adds objects and one
 * branch; it does not change the work tree, the index or the checked-out branch.
 */
export function createGitCodeHost(dataDir: string): CodeHost {
  const pullRequests = createPullRequests(join(dataDir, 'pull-requests'));
  const trees = new Map<string, Promise<Tree>>();

  const sizes = new Map<string, number>();
  /** Forgets the trees that were read first. */
  const forget = (): void => {
    let files = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    for (const oldest of trees.keys()) {
      if (trees.size <= maxTrees && (files <= maxCachedFiles || trees.size === 1)) return;
      trees.delete(oldest);
      files -= sizes.get(oldest) ?? 0;
      sizes.delete(oldest);
    }
  };

  const treeAt = (cwd: string, commit: string): Promise<Tree> => {
    const key = `${cwd}\0${commit}`;
    const known = trees.get(key);
    if (known) return known;
    const tree = readTree(cwd, commit);
    trees.set(key, tree);
    tree.then(
      ({ size }) => {
        if (trees.get(key) === tree) sizes.set(key, size);
        forget();
      },
      () => trees.delete(key),
    );
    forget();
    return tree;
  };

  /** By folder, the file that is there as long as git finds its repository: asking git each time costs a process. */
  const heads = new Map<string, string>();
  const locate = async (path: string): Promise<string> => {
    const real = await realpath(path).catch(() => undefined);
    if (real !== undefined && (await stat(real)).isDirectory()) {
      const head = heads.get(real);
      if (head !== undefined && existsSync(head)) return real;
      const inside = await git(['rev-parse', '--absolute-git-dir'], { cwd: real, allow: [128] });
      if (inside.code === 0) {
        heads.set(real, join(inside.stdout.toString().trimEnd(), 'HEAD'));
        return real;
      }
    }
    throw new DrydockError('UnknownRepository', `${path} is not a git repository.`);
  };

  return {
    async resolve(repository, branch) {
      const cwd = await locate(repository);
      const head = await branchHead(cwd, branch);
      if (head !== undefined) return head;
      throw new DrydockError('PolicyRefused', `${repository} has no branch ${branch}.`, {
        remedy: `Create the branch with a commit, or correct target_branch in the spec.`,
      });
    },

    async exportBase(repository, commit, depth, submodules = []) {
      const cwd = await locate(repository);
      const folder = join(dataDir, 'bases');
      return withSubmodules(folder, await exportBase(folder, cwd, commit, depth), submodules);
    },

    async listTree(repository, commit) {
      return treeAt(await locate(repository), commit);
    },

    async diff(repository, base, commit, maxBytes) {
      return unifiedDiff(await locate(repository), base, commit, maxBytes);
    },

    async readFile(repository, commit, path) {
      const cwd = await locate(repository);
      const entry = (await treeAt(cwd, commit)).get(path);
      if (!entry || entry.mode === '160000') return undefined;
      return (await readBlobs(cwd, [entry.blobSha], maxFile)).get(entry.blobSha);
    },

    async readFiles(repository, commit, paths, maxBytes) {
      const cwd = await locate(repository);
      const tree = await treeAt(cwd, commit);
      const found = paths.flatMap((path) => {
        const entry = tree.get(path);
        return entry && entry.mode !== '160000' ? [{ path, blobSha: entry.blobSha }] : [];
      });
      const contents = await readBlobs(
        cwd,
        found.map(({ blobSha }) => blobSha),
        maxBytes,
      );
      return new Map(
        found.flatMap(({ path, blobSha }) => {
          const content = contents.get(blobSha);
          return content ? [[path, content]] : [];
        }),
      );
    },

    publishing: (work) => work(),

    async publish({ repository, ...request }) {
      return { commit: await publishChange(await locate(repository), request) };
    },

    async rebase(repository, change, onto) {
      return mergeOnto(await locate(repository), change, onto);
    },

    async merge(repository, request) {
      return mergeChanges(await locate(repository), request);
    },

    readPullRequest: (repository, branch) => pullRequests.read(repository, branch),
    async blame(repository, file, line) {
      return blameLine(await locate(repository), file, line);
    },
    openPullRequest: (request) => pullRequests.open(request),
    async markReady(repository, { id, branch, head }) {
      const now = await branchHead(await locate(repository), branch);
      if (now !== head) throw movedBranch(branch, head, now);
      await pullRequests.markReady(repository, id);
    },
    release: async () => undefined,
  };
}

async function readTree(cwd: string, commit: string): Promise<Tree> {
  const listing = await gitText(['ls-tree', '-r', '-z', '--full-tree', commit], {
    cwd,
    maxOutput: maxListing,
    remedy: 'Remove files from the repository, or use a part of it that is a repository of its own.',
  });
  const tree: Tree = new Map();
  for (const line of listing.split('\0')) {
    const tab = line.indexOf('\t');
    if (tab < 0) continue;
    const [mode = '', , blobSha = ''] = line.slice(0, tab).split(' ');
    tree.set(line.slice(tab + 1), { mode, blobSha });
  }
  return tree;
}
