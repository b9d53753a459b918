/**
 * The features of a code host besides code: checks, CI, reviews, comments. A plain git repository has none of them. All
 * data read here comes from outside; only what the host itself guarantees is trusted: the author and the commit.
 */

/** An account of the host. `bot`: an app, or an account that the host marks as a machine account. */
export interface Account {
  login: string;
  /** Number of the account, which never belongs to another one; absent if the host does not tell. */
  id?: number;
  bot: boolean;
}

/** The permission of an account on a repository, as granted by the host. */
export type Permission = 'none' | 'read' | 'write' | 'admin';

export interface Annotation {
  path: string;
  /** 1-based. */
  line: number;
  level: 'failure' | 'warning' | 'notice';
  /** Plain text. */
  message: string;
}

/** A check of Drydock on a commit. There is one per name, head and key; reporting it again updates it. */
export interface CheckReport {
  name: string;
  head: string;
  /** Run id, or another subject of the check. */
  key: string;
  /** `pending`: not finished. `neutral`: informs and blocks nothing. */
  state: 'pending' | 'success' | 'failure' | 'neutral' | 'cancelled' | 'action-required';
  title: string;
  /** Markdown; quoted text is already escaped. */
  summary: string;
  annotations?: Annotation[];
  /** Absolute URL of a page with details. */
  link?: string;
}

/** The newest result of a check run or commit status on a commit; never of Drydock's own checks. */
export interface GateResult {
  name: string;
  /** Slug of the app that reported it; absent for a commit status, which any account with write access can set. */
  app?: string;
  /** `skipped`: it ended without having checked anything. */
  state: 'pending' | 'passed' | 'failed' | 'skipped';
  /** `success`, `timed_out`, `error`…, as the host names it. */
  conclusion: string;
  /** The reason of a failure: summary, annotations, the end of the log. Untrusted plain text. */
  detail: string;
  url?: string;
}

export interface Review {
  id: string;
  author: Account;
  /** Reviewed commit. */
  head: string;
  state: 'approved' | 'changes-requested' | 'commented' | 'dismissed';
  body: string;
}

/** A pull request as the host tells it. */
interface PullRequestFacts {
  author: Account;
  target: string;
  /** Its last commit. */
  head: string;
  merged: boolean;
}

/** A comment on a line of a pull request, the first of its thread. */
export interface ReviewComment {
  id: string;
  author: Account;
  path: string;
  /** Undefined if the line no longer exists or the comment is about the whole file. */
  line?: number;
  body: string;
}

export interface Collaboration {
  reportCheck(repository: string, report: CheckReport): Promise<void>;
  /** All checks and statuses that others reported on a commit. `details` adds the text of the failed ones. */
  gateResults(repository: string, head: string, details: boolean): Promise<GateResult[]>;
  permission(repository: string, login: string): Promise<Permission>;
  /** Writes a comment once per key; a call with another body updates that comment. */
  comment(repository: string, pullRequest: string, key: string, body: string): Promise<void>;
  /** Answers a review comment in its thread, once per key. */
  reply(repository: string, pullRequest: string, commentId: string, key: string, body: string): Promise<void>;
  /** Oldest first. */
  reviews(repository: string, pullRequest: string): Promise<Review[]>;
  reviewComments(repository: string, pullRequest: string, reviewId: string): Promise<ReviewComment[]>;
  /**
   * The account that moved a branch to a commit, from the host's log of pushes, because anybody can forge the author of
   * a commit. Undefined when the log does not go back that far.
   */
  pusherOf(repository: string, branch: string, commit: string): Promise<Account | undefined>;
  /** Numbers of the pull requests that brought a commit to its branch. */
  pullRequestsOf(repository: string, commit: string): Promise<string[]>;
  pullRequest(repository: string, pullRequest: string): Promise<PullRequestFacts>;
  /** The commit that last changed a path, as seen from a commit; undefined if there is none. */
  lastChange(repository: string, commit: string, path: string): Promise<string | undefined>;
}
