import type { ChangeSet } from '../../run/change-set.ts';
import type { Collaboration } from './collaboration.ts';

/** Where code lives: a local git repository or a host with an API. Reads specs and bases, publishes, never merges. */
export interface CodeHost {
  /** Commit id of a branch. @throws UnknownRepository, PolicyRefused when the branch does not exist. */
  resolve(repository: string, branch: string): Promise<string>;
  /**
   * Makes a bare repository with only `commit` and `depth` commits of history, branch `base` and the tags of these
   * commits; returns its path.
   * @param submodules Such repositories of other commits; the result serves these commits too, as `refs/submodules/ID`.
   */
  exportBase(repository: string, commit: string, depth: number, submodules?: readonly SubmoduleBase[]): Promise<string>;
  /** Paths at a commit with their mode, blob id and, if the host tells it, size. */
  listTree(repository: string, commit: string): Promise<Map<string, { mode: string; blobSha: string; bytes?: number }>>;
  /**
   * The changes from `base` to `commit` as a unified diff of at most `maxBytes` bytes, cut at a line end; `truncated`
   * tells that the diff was longer. Nothing that the repository configures runs for it.
   */
  diff(repository: string, base: string, commit: string, maxBytes: number): Promise<UnifiedDiff>;
  /** Content of a path at a commit; undefined when the path does not exist there. */
  readFile(repository: string, commit: string, path: string): Promise<Uint8Array | undefined>;
  /**
   * Contents of those of the paths that exist at a commit, without submodules.
   * @throws LimitExceeded if they have more than `maxBytes` together.
   */
  readFiles(repository: string, commit: string, paths: string[], maxBytes: number): Promise<Map<string, Uint8Array>>;
  /**
   * Commits base plus change set and puts the branch there; doing it twice yields the same commit and changes nothing.
   * @throws BranchTaken when the branch holds a commit other than `previous`.
   */
  publish(request: PublishRequest): Promise<{ commit: string }>;
  /** Runs calls of `publish` and `openPullRequest` with one write credential, which is revoked at the end. */
  publishing<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Three-way merge of a change set onto a moved target, without a checkout. With conflicts, the change holds git's
   * conflict markers in the paths named.
   */
  rebase(repository: string, change: ChangeSet, onto: string): Promise<MergeResult>;
  /** Three-way merge of two changes of the same commit, without a checkout; the result is a change of that commit. */
  merge(repository: string, request: MergeRequest): Promise<MergeResult>;
  /** Finds or creates the draft pull request of a branch and brings title and body up to date. */
  openPullRequest(request: PullRequestRequest): Promise<PullRequestRef>;
  /** The pull request of a branch in its current state; undefined when the branch has none. */
  readPullRequest(repository: string, branch: string): Promise<(PullRequestRequest & PullRequestRef) | undefined>;
  /**
   * The commit that last changed a line of the checked-out head, with its text and trailers.
   * @throws FileUnreadable when the line does not exist.
   */
  blame(
    repository: string,
    file: string,
    line: number,
  ): Promise<{ commit: string; text: string; trailers: [string, string][] }>;
  /**
   * Removes the draft mark; doing it twice changes nothing.
   * @throws BranchTaken if the head of the branch is not `head`, the commit that was approved.
   */
  markReady(repository: string, pullRequest: PullRequestRef & { branch: string; head: string }): Promise<void>;
  /** Revokes every credential that was minted for this host's run; a no-op when there is none. */
  release(): Promise<void>;
  /** Checks, CI, reviews and comments; absent when the host has none. */
  collaboration?: Collaboration;
}

export interface MergeRequest {
  /** Commit that every change is based on. */
  base: string;
  /** What both sides started from; absent: the commit itself. */
  ancestor?: ChangeSet;
  ours?: ChangeSet;
  theirs: ChangeSet;
  /** Names of the sides in conflict markers, of letters, digits and dashes. */
  labels: { ours: string; theirs: string };
}

/** With conflicts, the change holds git's conflict markers in the paths named, as far as they are text. */
export interface MergeResult {
  change: ChangeSet;
  conflicts: string[];
}

/** A repository that `exportBase` made of a submodule, and the commit that is pinned. */
export interface SubmoduleBase {
  commit: string;
  path: string;
}

export type CodeHostKind = 'git' | 'github';

/** A repository of the policy and the run its credentials are minted for; without a run they are short-lived. */
export interface CodeHostScope {
  /** Name of the repository in the policy. */
  repository: string;
  run?: string | undefined;
  /** GitHub App installation, when the policy names it. */
  installation?: number | undefined;
}

export interface UnifiedDiff {
  text: string;
  truncated: boolean;
}

export interface PublishRequest {
  repository: string;
  branch: string;
  /** The head this run published before; absent the first time. The new commit is made on top of it. */
  previous?: string;
  change: ChangeSet;
  /** With trailers, `Drydock-Run: <runId>` among them. */
  message: string;
  /** Epoch milliseconds written into the commit, so that publishing again gives the same commit id. */
  at: number;
}

export interface PullRequestRequest {
  repository: string;
  branch: string;
  target: string;
  base: string;
  head: string;
  title: string;
  body: string;
  labels: string[];
  /** Accounts and teams of the host that are asked to review; unknown ones are left out. */
  reviewers: { logins: string[]; teams: string[] };
}

export interface PullRequestRef {
  id: string;
  url: string;
  draft: boolean;
}
