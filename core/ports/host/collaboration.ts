/**
 * What a code host with people offers beside code: checks, CI, reviews, comments. A plain git repository has none of it.
 * Everything read here was written by somebody outside and is trusted for no more than the host vouches for: who said it,
 * about which commit.
 */

/** An account of the host, by its login. `bot` covers apps and machine accounts the host knows as such. */
export interface Account {
  login: string;
  bot: boolean;
}

/** What an account may do with a repository, as the host grants it. */
export type Permission = 'none' | 'read' | 'write' | 'admin';

export interface Annotation {
  path: string;
  /** 1-based. */
  line: number;
  level: 'failure' | 'warning' | 'notice';
  /** Plain text. */
  message: string;
}

/** A check of ours on a commit. There is one per name, head and key; reporting it again brings it up to date. */
export interface CheckReport {
  name: string;
  head: string;
  /** Run id, or what else it is about. */
  key: string;
  /** `pending` has not concluded. `neutral` says something and blocks nothing. */
  state: 'pending' | 'success' | 'failure' | 'neutral' | 'cancelled' | 'action-required';
  title: string;
  /** Markdown, already escaped where it quotes. */
  summary: string;
  annotations?: Annotation[];
  /** Where more is to be seen; absolute URL. */
  link?: string;
}

/** What CI said of a commit under one name: a check run or a commit status, the newest of each; never our own. */
export interface GateResult {
  name: string;
  state: 'pending' | 'passed' | 'failed';
  /** `success`, `timed_out`, `error`…, in the host's words. */
  conclusion: string;
  /** Why it failed, as far as the host says: summary, annotations, the end of the log. Plain text from outside. */
  detail: string;
  url?: string;
}

export interface Review {
  id: string;
  author: Account;
  /** Commit that was looked at. */
  head: string;
  state: 'approved' | 'changes-requested' | 'commented' | 'dismissed';
  body: string;
}

/** A comment on a line of a pull request, the first of its thread. */
export interface ReviewComment {
  id: string;
  author: Account;
  path: string;
  /** Undefined where the line is gone or the comment is about the file. */
  line?: number;
  body: string;
}

export interface Collaboration {
  reportCheck(repository: string, report: CheckReport): Promise<void>;
  /** Every check and status that others reported on a commit. `details` asks for the text of those that failed. */
  gateResults(repository: string, head: string, details: boolean): Promise<GateResult[]>;
  permission(repository: string, login: string): Promise<Permission>;
  /** Writes a comment once per key; said again with another body, the same comment is changed. */
  comment(repository: string, pullRequest: string, key: string, body: string): Promise<void>;
  /** Answers a review comment in its thread, once per key. */
  reply(repository: string, pullRequest: string, commentId: string, key: string, body: string): Promise<void>;
  /** Oldest first. */
  reviews(repository: string, pullRequest: string): Promise<Review[]>;
  reviewComments(repository: string, pullRequest: string, reviewId: string): Promise<ReviewComment[]>;
  /**
   * The account that put a branch on a commit, as the host's own log of pushes has it: what a commit says of its author
   * anybody can write. Undefined when the log does not go back that far.
   */
  pusherOf(repository: string, branch: string, commit: string): Promise<Account | undefined>;
  /** Numbers of the pull requests that brought a commit to its branch. */
  pullRequestsOf(repository: string, commit: string): Promise<string[]>;
}
