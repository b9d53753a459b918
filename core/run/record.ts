import { type ErrorView, errorKinds, isErrorName } from '../errors.ts';
import type { PullRequestRef } from '../ports/host/code-host.ts';

/** Where a run stands. The first three are unfinished; the others are final and never change again. */
export const unfinishedStatuses = ['running', 'waiting', 'queued'] as const;
export const finalStatuses = [
  'delivered',
  'rejected',
  'failed',
  'cancelled',
  'superseded',
  'duplicate',
  'dry-run',
  'over-budget',
] as const;
export type RunStatus = (typeof unfinishedStatuses)[number] | (typeof finalStatuses)[number];

export const isFinal = (status: RunStatus): boolean => (finalStatuses as readonly string[]).includes(status);

/**
 * Exit code of a command that ends with a run in this status. Of a run that did not deliver, its error decides; an error
 * that refuses a command with 2 (there is no run) ends a run with 1.
 */
export function exitCodeOf(status: RunStatus, error?: Pick<ErrorView, 'name'> | null): 0 | 1 | 3 | 4 | 5 {
  switch (status) {
    case 'delivered':
    case 'duplicate':
    case 'dry-run':
      return 0;
    case 'over-budget':
      return 3;
    case 'waiting':
    case 'queued':
    case 'running':
      return 5;
    default: {
      const { exit } = error && isErrorName(error.name) ? errorKinds[error.name] : errorKinds.Internal;
      return exit === 2 ? 1 : exit;
    }
  }
}

/** Digests of what the phases left so far; each later phase starts from these (DESIGN, What a phase leaves). */
export interface RunWork {
  /** Approved or proposed plan, JSON. */
  plan?: string;
  /** Manifest JSON of the last change set, and its blobs. */
  changeSet?: { manifest: string; blobs: string };
  handoff?: string;
  /** Feedback for the next build, oldest first: failed commands, review texts, conflicts. */
  feedback: string[];
  /** Answers and added constraints of people, oldest first. */
  answers: { by: string; question: string; text: string }[];
  /** Constraints people added at the plan gate. */
  addedConstraints: string[];
  /** Names of the checkpoints at which a person was asked. */
  checkpoints?: string[];
  /** Digest of the manifest whose weakened tests an approver accepted. */
  acceptedWeakening?: string;
  /** Review comments that the next commit answers in their threads. */
  threads?: ReviewThread[];
  /** Result JSON of the last phase of each name. */
  results: Record<string, string>;
}

export interface ReviewThread {
  /** Id of the first comment of the thread. */
  id: string;
  path: string;
}

/** Where a run that a push started comes from. */
export interface RunOrigin {
  branch: string;
  /** Commit that was pushed. */
  commit: string;
  /** Number of the pull request that brought the spec, where there is exactly one. */
  pullRequest?: string;
}

export interface RunRecord {
  runId: string;
  /** SHA-256 over repository, task, spec blob and attempt; 64 hex. */
  runKey: string;
  taskId: string;
  repository: string;
  team: string;
  title: string;
  /** Person id. */
  requester: string;
  attempt: number;
  specPath: string;
  /** Git blob id of the spec's bytes. */
  specBlob: string;
  /** Digest of the spec's bytes among the artifacts. */
  specDigest: string;
  /** Digest of the policy that the run started under, among the artifacts. */
  policyDigest: string;
  /** Digest of the effective task among the artifacts. */
  taskDigest: string;
  agentOverride?: string;
  agent?: string;
  dryRun: boolean;
  status: RunStatus;
  /** State of the machine it was last seen in. */
  state: string;
  error?: ErrorView;
  /** Id of the gate that is open. */
  gate?: string;
  /** Start time of the execution that claimed it, ISO 8601. */
  claimedBy?: string;
  /** Commit the work starts from, frozen by Claim; moves only when the target moved. */
  base?: string;
  targetBranch: string;
  branch: string;
  /** Head of the branch as last published. */
  commit?: string;
  /** Frozen before publishing, so that doing it again after a crash gives the same commit. */
  publishing?: { round: number; at: number; previous?: string };
  pullRequest?: PullRequestRef;
  /** Absent where a person started it. */
  origin?: RunOrigin;
  /** Set by cancel and supersede; the next step sees it. */
  stop?: { as: 'Cancelled' | 'Superseded'; by: string; reason: string };
  capMicros: number;
  spentMicros: number;
  tokens: { input: number; output: number; cached: number };
  work: RunWork;
  /** Milliseconds per phase key. */
  durations: Record<string, number>;
  /** Gate ids and phase keys whose result is part of this record, so that none is applied twice. */
  applied?: string[];
  createdAt: string;
  endedAt?: string;
  /** Optimistic lock. */
  version: number;
}

/**
 * A change of a record, without what it changes of a run's end: a final status stays, whoever writes late. What a phase
 * cost and left may still come in.
 */
export function keepEnd(before: RunRecord, changed: RunRecord): RunRecord {
  if (!isFinal(before.status)) return changed;
  const { gate: _gate, error: _error, endedAt: _endedAt, ...rest } = changed;
  const { status, state, error, endedAt } = before;
  return {
    ...rest,
    status,
    state,
    ...(error === undefined ? {} : { error }),
    ...(endedAt === undefined ? {} : { endedAt }),
  };
}

/** Whether the result of a gate or a phase attempt is part of the record already. */
export const hasApplied = (run: RunRecord, key: string): boolean => run.applied?.includes(key) === true;

/** The record once the result of a gate or a phase attempt is part of it. */
export const withApplied = (run: RunRecord, key: string): RunRecord => ({
  ...run,
  applied: [...(run.applied ?? []), key],
});

/** A fact about a run, in order. `key` makes recording it twice recording it once. */
export interface RunEvent {
  key: string;
  /** ISO 8601. */
  at: string;
  type: string;
  text: string;
  data?: Record<string, unknown>;
}
