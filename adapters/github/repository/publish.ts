import { isUtf8 } from 'node:buffer';
import type { Octokit } from '@octokit/rest';
import { DrydockError } from '../../../core/errors.ts';
import type { PublishRequest } from '../../../core/ports/host/code-host.ts';
import { blobsByPath, type ChangeSet } from '../../../core/run/change-set.ts';
import { ownerAndRepo } from '../api/access.ts';
import { hostError, statusOf } from '../api/errors.ts';
import { readTree } from './tree.ts';

/** Limit for the text in one request for a tree; GitHub accepts some ten megabytes. */
const treeBytes = 4 * 1024 * 1024;
/** Binary files that are uploaded concurrently: GitHub limits concurrent requests per token. */
const uploads = 4;

type TreeEntry = { path: string; mode: '100644' | '100755' | '120000' | '160000'; type: 'blob' | 'commit' } & (
  | { text: Buffer }
  | { sha: string | null }
);
type Request = Omit<PublishRequest, 'repository'>;

/**
 * Publishes base plus change set as one commit on the run's branch, with the git data API. Nothing is visible before
 * the branch moves, which is the last step and happens without force. GitHub sets author, committer and date, and signs
 * the commit.
 * @throws BranchTaken if the branch points to a commit other than `previous`, unless an earlier attempt made that
 * commit.
 */
export async function publishChange(octokit: Octokit, repository: string, request: Request): Promise<string> {
  const at = ownerAndRepo(repository);
  mustBeBranch(request.branch);
  const { data: base } = await octokit.git.getCommit({ ...at, commit_sha: request.change.manifest.base });
  const tree = await makeTree(octokit, repository, base.tree.sha, request.change);
  const parents = await parentsOf(octokit, repository, request);
  const wanted = { tree, parents, run: runOf(request.message) };

  const head = await headOf(octokit, repository, request.branch);
  if (head !== undefined && head !== request.previous)
    return mustBeFromThisRun(octokit, repository, request.branch, head, wanted);
  if (head === undefined && request.previous !== undefined) throw taken(request.branch, 'is gone');
  const { data: commit } = await octokit.git.createCommit({ ...at, message: request.message, tree, parents });
  try {
    if (head === undefined)
      await octokit.git.createRef({ ...at, ref: `refs/heads/${request.branch}`, sha: commit.sha });
    else await octokit.git.updateRef({ ...at, ref: `heads/${request.branch}`, sha: commit.sha, force: false });
    return commit.sha;
  } catch (error) {
    // The update succeeded and its response was lost, or another process was faster: the branch shows which.
    const now = await headOf(octokit, repository, request.branch);
    if (now === commit.sha) return now;
    if (now !== undefined && now !== request.previous)
      return mustBeFromThisRun(octokit, repository, request.branch, now, wanted);
    throw hostError(error, `move ${request.branch}`);
  }
}

/** Creates the tree of base plus change, and compares it with the change set before a commit points to it. */
async function makeTree(octokit: Octokit, repository: string, base: string, change: ChangeSet): Promise<string> {
  const at = ownerAndRepo(repository);
  const contents = blobsByPath(change);
  const binaries: (() => Promise<void>)[] = [];
  const entries: (TreeEntry & { bytes: number })[] = [];
  for (const entry of change.manifest.entries) {
    if (entry.op === 'delete') {
      entries.push({ path: entry.path, mode: '100644', type: 'blob', sha: null, bytes: 0 });
      continue;
    }
    const common = { path: entry.path, mode: entry.mode };
    if (entry.mode === '160000') {
      entries.push({ ...common, type: 'commit', sha: entry.blobSha, bytes: 0 });
      continue;
    }
    // A view: the change itself is in memory once, and what is sent of it only while it is sent.
    const { buffer, byteOffset, length } = contents.get(entry.path) ?? new Uint8Array();
    const bytes = Buffer.from(buffer, byteOffset, length);
    if (isUtf8(bytes) && !bytes.includes(0)) {
      entries.push({ ...common, type: 'blob', text: bytes, bytes: bytes.length });
      continue;
    }
    entries.push({ ...common, type: 'blob', sha: entry.blobSha, bytes: 0 });
    binaries.push(async () => {
      await octokit.git.createBlob({ ...at, content: bytes.toString('base64'), encoding: 'base64' });
    });
  }
  await inGroups(binaries, uploads);
  let tree = base;
  for (const group of inOrder(entries).flatMap(bySize)) {
    const { data } = await octokit.git.createTree({
      ...at,
      base_tree: tree,
      tree: group.map(sent) as never,
    });
    tree = data.sha;
  }
  if (entries.length > 0) await mustHold(octokit, repository, tree, change);
  return tree;
}

function sent({ bytes: _, ...entry }: TreeEntry & { bytes: number }): object {
  if (!('text' in entry)) return entry;
  const { text, ...rest } = entry;
  return { ...rest, content: text.toString('utf8') };
}

async function mustHold(octokit: Octokit, repository: string, sha: string, change: ChangeSet): Promise<void> {
  const tree = await readTree(octokit, repository, sha);
  for (const entry of change.manifest.entries) {
    const found = tree.get(entry.path);
    const right = entry.op === 'delete' ? !found : found?.blobSha === entry.blobSha && found.mode === entry.mode;
    if (!right)
      throw new DrydockError(
        'HostRefused',
        `GitHub created a tree that differs from the request at ${JSON.stringify(entry.path)}.`,
      );
  }
}

/**
 * A later round continues the earlier commit. If the target moved in between, the commit is a merge with the new base.
 */
async function parentsOf(octokit: Octokit, repository: string, { previous, change }: Request): Promise<string[]> {
  const { base } = change.manifest;
  if (previous === undefined) return [base];
  const { data } = await octokit.repos.compareCommitsWithBasehead({
    ...ownerAndRepo(repository),
    basehead: `${base}...${previous}`,
    per_page: 1,
  });
  return data.merge_base_commit.sha === base ? [previous] : [previous, base];
}

/** The commit that a branch points to; undefined if there is no branch. */
export async function headOf(octokit: Octokit, repository: string, branch: string): Promise<string | undefined> {
  try {
    const { data } = await octokit.git.getRef({ ...ownerAndRepo(repository), ref: `heads/${branch}` });
    return data.object.sha;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** The branch head counts as this run's commit if it has the same tree, the same parents and the same run trailer. */
async function mustBeFromThisRun(
  octokit: Octokit,
  repository: string,
  branch: string,
  head: string,
  wanted: { tree: string; parents: string[]; run: string | undefined },
): Promise<string> {
  const { data } = await octokit.git.getCommit({ ...ownerAndRepo(repository), commit_sha: head });
  const same =
    data.tree.sha === wanted.tree &&
    data.parents.map(({ sha }) => sha).join() === wanted.parents.join() &&
    wanted.run !== undefined &&
    runOf(data.message) === wanted.run;
  if (same) return head;
  throw taken(branch, `points to ${head.slice(0, 12)}, which is not a commit of this run`);
}

/** The run id in the last trailer: the text before it may quote another message. */
const runOf = (message: string): string | undefined => [...message.matchAll(/^Drydock-Run: (\S+)$/gm)].at(-1)?.[1];
const taken = (branch: string, where: string): DrydockError => new DrydockError('BranchTaken', `${branch} ${where}.`);

/** Refuses the names that `git check-ref-format` refuses. */
function mustBeBranch(branch: string): void {
  const bad =
    /[\0-\x20\x7F~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$|\.lock(?:\/|$)|(?:^|\/)\./.test(branch) ||
    branch === '' ||
    branch === '@';
  if (bad) throw taken(branch, 'is not a valid branch name');
}

async function inGroups(work: (() => Promise<void>)[], size: number): Promise<void> {
  for (let i = 0; i < work.length; i += size) await Promise.all(work.slice(i, i + size).map((each) => each()));
}

/**
 * Groups of entries, each for one request. Normally this is one group. If a file is replaced by a folder of the same
 * name, or a folder by a file, the deletions come first in a group of their own.
 */
function inOrder<T extends TreeEntry>(entries: T[]): T[][] {
  const isDeletion = (entry: T): boolean => 'sha' in entry && entry.sha === null;
  const paths = (some: T[]): Set<string> => new Set(some.map(({ path }) => path));
  const [deleted, put] = [entries.filter(isDeletion), entries.filter((entry) => !isDeletion(entry))];
  const clash = isInside(paths(put), paths(deleted)) || isInside(paths(deleted), paths(put));
  return clash ? [deleted, put] : [entries];
}

/** Whether a path lies in a folder with one of these names. */
const isInside = (paths: Set<string>, names: Set<string>): boolean =>
  [...paths].some((path) => {
    const parts = path.split('/');
    return parts.some((_, i) => i > 0 && names.has(parts.slice(0, i).join('/')));
  });

function bySize<T extends { bytes: number }>(entries: T[]): T[][] {
  const groups: T[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    if (size + entry.bytes > treeBytes) {
      groups.push([]);
      size = 0;
    }
    groups.at(-1)?.push(entry);
    size += entry.bytes;
  }
  return groups;
}
