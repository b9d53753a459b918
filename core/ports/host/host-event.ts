import type { Account } from './collaboration.ts';

interface Of {
  /** `OWNER/NAME` */
  repository: string;
  /** Id of the installation that the host says it delivers for; absent on a hook of the repository itself. */
  installation?: number;
  sender: Account;
}

/** What a host told us happened, with the host's own words for it taken away. */
export type HostEvent =
  /** A branch points at `after` now. `before` is absent when the branch is new. */
  | (Of & { kind: 'push'; branch: string; before?: string; after: string })
  /** A pull request was opened or got new commits. `fork`: its head is in a repository of somebody else. */
  | (Of & { kind: 'pull-request'; number: string; head: string; target: string; base: string; fork: boolean })
  | (Of & { kind: 'pull-request-closed'; number: string; head: string; merged: boolean; mergeCommit?: string })
  /** Something about CI of this commit changed; what, is read from the host. */
  | (Of & { kind: 'ci'; head: string })
  | (Of & { kind: 'review'; number: string; review: { id: string; head: string; state: string; body: string } })
  /** A new comment in the conversation of a pull request. */
  | (Of & { kind: 'comment'; number: string; commentId: string /** ISO 8601. */; at: string; body: string })
  /** Nothing to do, with the reason. */
  | { kind: 'nothing'; why: string };
