/** The borders of the domain. Adapters implement these; steps and commands call them. Nothing here does I/O. */

import type { ChangeSet } from '../run/change-set.ts';
import type { PhaseEnd, PhaseEvent, PhaseSpec } from '../run/phase.ts';
import type { StoredOrder } from '../run/phase-order.ts';
import type { Collaboration } from './collaboration.ts';

/** Time in epoch milliseconds. */
export interface Clock {
  now(): number;
}

/** Content-addressed bytes: S3 or a folder. */
export interface Artifacts {
  /** Stores the bytes and returns their SHA-256 as 64 hex. Storing the same bytes again changes nothing. */
  put(bytes: Uint8Array): Promise<string>;
  /** @throws FileUnreadable when the digest is unknown or the bytes no longer match it. */
  get(digest: string): Promise<Uint8Array>;
}

/** A phase as the pipeline orders it: facts only. Whoever runs it fetches what it takes; no secret is in it. */
export interface PhaseOrder extends StoredOrder {
  /** Bytes served at `GET /inputs/<name>`. */
  inputs: Map<string, Uint8Array>;
}

/** What it takes to run one phase here. Secrets are here and nowhere inside the sandbox. */
export interface PhaseJob {
  spec: PhaseSpec;
  /** Bytes served at `GET /inputs/<name>`. */
  inputs: Map<string, Uint8Array>;
  /** Path of a bare repository that holds only the base commit and its allowed history, with branch `base`. */
  baseRepository: string;
  /** Folder mounted read-only at /agent, absolute; absent when the profile has no files. */
  agentFiles?: string;
  model?: {
    provider: string;
    /** Globs of allowed `provider/model`. */
    allow: string[];
    /** `replay` answers from a recorded session and needs no key. */
    mode: 'live' | 'replay';
    session?: string;
    key?: string;
    /** What the calls of this phase may cost at most. */
    budgetMicros: number;
  };
  registries: string[];
  /** Hosts allowed by policy and spec. */
  hosts: string[];
}

/** Runs a phase in a fresh sandbox behind its own gateway. */
export interface PhaseRunner {
  /**
   * Resolves when the phase has ended and nothing of it is left; never rejects for what happens inside.
   * @throws SandboxUnavailable, RuntimeUnavailable, AgentUnavailable before anything was started.
   */
  run(job: PhaseJob, options: { signal: AbortSignal; onEvent(event: PhaseEvent): void }): Promise<PhaseEnd>;
}

/** Where code lives: a local git repository or a host with an API. Reads specs and bases, publishes, never merges. */
export interface CodeHost {
  /** Commit id of a branch. @throws UnknownRepository, PolicyRefused when the branch does not exist. */
  resolve(repository: string, branch: string): Promise<string>;
  /** Makes a bare repository with only `commit` and `depth` commits of history, branch `base`; returns its path. */
  exportBase(repository: string, commit: string, depth: number): Promise<string>;
  /** Paths at a commit with their mode and blob id. */
  listTree(repository: string, commit: string): Promise<Map<string, { mode: string; blobSha: string }>>;
  /**
   * What changes from `base` to `commit`, as a unified diff of at most `maxBytes` bytes in whole lines; `truncated` when
   * more was there. Nothing the repository configures runs for it.
   */
  diff(repository: string, base: string, commit: string, maxBytes: number): Promise<UnifiedDiff>;
  /** Content of a path at a commit; undefined where there is none. */
  readFile(repository: string, commit: string, path: string): Promise<Uint8Array | undefined>;
  /**
   * Commits base plus change set and puts the branch there; doing it twice yields the same commit and changes nothing.
   * @throws BranchTaken when the branch holds something else than `previous`.
   */
  publish(request: PublishRequest): Promise<{ commit: string }>;
  /**
   * Three-way merge of a change set onto a moved target, without a checkout. With conflicts, the change holds git's
   * conflict markers in the paths named.
   */
  rebase(repository: string, change: ChangeSet, onto: string): Promise<{ change: ChangeSet; conflicts: string[] }>;
  /** Finds or creates the draft pull request of a branch and brings title and body up to date. */
  openPullRequest(request: PullRequestRequest): Promise<PullRequestRef>;
  /** The pull request of a branch as it stands; undefined where there is none. */
  readPullRequest(repository: string, branch: string): Promise<(PullRequestRequest & PullRequestRef) | undefined>;
  /**
   * Who wrote a line: commit, its text and the commit's trailers. Looked up at the checked-out head.
   * @throws FileUnreadable when there is no such line.
   */
  blame(
    repository: string,
    file: string,
    line: number,
  ): Promise<{ commit: string; text: string; trailers: [string, string][] }>;
  /** Takes the draft mark away, once. */
  markReady(repository: string, pullRequest: PullRequestRef): Promise<void>;
  /** Gives back every credential that was minted for the run this host was made for; without any it does nothing. */
  release(): Promise<void>;
  /** Checks, CI, reviews and comments; absent where the host has none. */
  collaboration?: Collaboration;
}

export type CodeHostKind = 'git' | 'github';

/** A repository of the policy, and the run that its credentials are minted for; without one, for a moment only. */
export interface CodeHostScope {
  /** As the policy names it. */
  repository: string;
  run?: string | undefined;
  /** GitHub App installation, where the policy names it. */
  installation?: number | undefined;
}

export interface UnifiedDiff {
  text: string;
  truncated: boolean;
}

export interface PublishRequest {
  repository: string;
  branch: string;
  /** The head this run published before; absent the first time. The new commit comes on top of it. */
  previous?: string;
  change: ChangeSet;
  /** With trailers, `Drydock-Run: <runId>` among them. */
  message: string;
  /** Epoch milliseconds that go into the commit, so that doing it again gives the same id. */
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
  /** Accounts and teams of the host that are asked to review; those it does not know are left out. */
  reviewers: { logins: string[]; teams: string[] };
}

export interface PullRequestRef {
  id: string;
  url: string;
  draft: boolean;
}

/** Tells people; keyed, so that telling twice is telling once. */
export interface Notifier {
  notify(message: { key: string; to: string[]; subject: string; text: string; link?: string }): Promise<void>;
}

/** A signed message of a code host, as it came in. */
export interface Delivery {
  /** SHA-256 over event and body, 64 hex: the same content is the same delivery, whatever id the host gave it. */
  id: string;
  /** The host's name of the event, `push` for example. */
  event: string;
  /** The raw body, already authenticated. */
  body: string;
  /** ISO 8601. */
  receivedAt: string;
  /** How often it was tried before. */
  attempts: number;
}

/** A durable queue of deliveries: answered first, worked on after. SQLite on one machine, SQS on AWS. */
export interface Inbox {
  /** Durable when it resolves. False when the same content is or was here already. */
  put(delivery: Pick<Delivery, 'event' | 'body'>): Promise<boolean>;
  /**
   * Hands over what waits, oldest first, `concurrency` at once, each at least once, until the signal; what the handler
   * throws is tried again with growing delay, and set aside after the last attempt.
   */
  work(
    handler: (delivery: Delivery) => Promise<void>,
    options: { concurrency: number; signal: AbortSignal },
  ): Promise<void>;
  counts(): Promise<{ waiting: number; setAside: number }>;
}

/** A credential somewhere outside that has to be revoked; the value is sealed before it gets here. */
export interface MintedCredential {
  id: string;
  /** Run id, or what else it was minted for. */
  owner: string;
  purpose: string;
  sealed: string;
  /** ISO 8601; after it there is nothing left to revoke. */
  expiresAt: string;
}

/** Remembers what was minted, so that whoever comes after a crash can revoke it. */
export interface Credentials {
  remember(credential: MintedCredential): Promise<void>;
  of(owner: string): Promise<MintedCredential[]>;
  /** Everybody something was minted for that is not forgotten yet. */
  owners(): Promise<string[]>;
  forget(owner: string, id: string): Promise<void>;
}
