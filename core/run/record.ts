import { z } from 'zod';
import { askKinds } from '../ask/kinds.ts';
import { campaignState } from '../campaign/state.ts';
import { defined } from '../defined.ts';
import { maxRemarks } from '../remark/remark.ts';
import { runbookUse } from '../runbook/record.ts';
import { finalStatuses, isFinal, unfinishedStatuses } from './status.ts';

/** SHA-256 of an artifact, 64 hex digits. */
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const text = z.string();

/** Where people act. */
const channels = ['page', 'terminal', 'api', 'github', 'slack', 'mail'] as const;
export type Channel = (typeof channels)[number];

/** A review comment that the next commit answers in its thread. */
export const reviewThread = z.strictObject({
  /** Id of the first comment of the thread. */
  id: text,
  path: text,
});
export type ReviewThread = z.infer<typeof reviewThread>;

/** Results of the phases so far; each later phase starts from them. */
const runWork = z.strictObject({
  /** Approved or proposed plan, JSON. */
  plan: digest.exactOptional(),
  /** Manifest JSON of the last change set, and its blobs. */
  changeSet: z.strictObject({ manifest: digest, blobs: digest }).exactOptional(),
  /** Of a part: the changes of other parts that it started from. The rest of `changeSet` is its own. */
  given: z.strictObject({ manifest: digest, blobs: digest }).exactOptional(),
  /**
   * Frozen when Verify passed, so that publishing again after a crash gives the same commit: the commit time in epoch
   * milliseconds, and the head of the branch that the commit is added to.
   */
  verified: z.strictObject({ at: z.int(), previous: text.exactOptional() }).exactOptional(),
  handoff: digest.exactOptional(),
  /** Feedback for the next build, oldest first: failed commands, review texts, conflicts. */
  feedback: z.array(digest),
  /** Answers of people, oldest first. */
  answers: z.array(z.strictObject({ by: text, question: text, text })),
  /** What people said while the run was under way, oldest first; the texts are artifacts. */
  remarks: z
    .array(z.strictObject({ key: text, by: text, at: text, now: z.boolean(), text: digest }))
    .max(maxRemarks)
    .exactOptional(),
  /** Constraints people added at the plan gate, oldest first. */
  addedConstraints: z.array(text),
  /** Names of the checkpoints at which a person was asked. */
  checkpoints: z.array(text).exactOptional(),
  /** Digest of the manifest whose weakened tests an approver accepted. */
  acceptedWeakening: digest.exactOptional(),
  /** Reviews by agents that approvers did not wait for or did not follow, oldest first. */
  waived: z.array(z.strictObject({ by: z.array(text), what: text })).exactOptional(),
  threads: z.array(reviewThread).exactOptional(),
  /** Lessons of the team: an artifact with those of the base, absent if there are none; and the names of those that prompts had. */
  lessons: z.strictObject({ frozen: digest.exactOptional(), used: z.array(text) }).exactOptional(),
  /** Result JSON of the last phase of each name. */
  results: z.record(text, digest),
});
export type RunWork = z.infer<typeof runWork>;

/** The push that started a run. */
const runOrigin = z.strictObject({
  branch: text,
  /** Commit that was pushed. */
  commit: text,
  /** Number of the pull request that brought the spec, if there is exactly one. */
  pullRequest: text.exactOptional(),
});
export type RunOrigin = z.infer<typeof runOrigin>;

/** The trigger of a runbook that started a run. */
const runTrigger = z.strictObject({
  kind: z.enum(['schedule', 'push', 'issue-label', 'command']),
  /** Schedule and time, branch and commit, issue and label, or comment. */
  what: text,
});
export type RunTrigger = z.infer<typeof runTrigger>;

/** The part of a record that Submit writes and nothing changes. */
export const runFacts = z.strictObject({
  runId: text,
  /** Of a run that asks an agent for one answer; absent for a task. Its request is stored in the place of the spec. */
  kind: z.enum(askKinds).exactOptional(),
  /** Number of the issue or pull request where it was asked for, and where its questions and its end are told. */
  conversation: text.exactOptional(),
  /** SHA-256 over repository, task, spec blob and attempt; 64 hex digits. */
  runKey: digest,
  taskId: text,
  repository: text,
  team: text,
  title: text,
  /** Person id. */
  requester: text,
  /** Person ids of those who started an attempt of this spec again; like the requester, they may not approve it. */
  retriers: z.array(text).exactOptional(),
  attempt: z.int().nonnegative(),
  specPath: text,
  /** Git blob id of the spec's bytes. */
  specBlob: text,
  /** Artifact with the spec's bytes. */
  specDigest: digest,
  /** Artifact with the policy at the start of the run. */
  policyDigest: digest,
  /** Artifact with the effective task. */
  taskDigest: digest,
  agentOverride: text.exactOptional(),
  agent: text.exactOptional(),
  dryRun: z.boolean(),
  targetBranch: text,
  branch: text,
  /** Absent when a person started the run. */
  origin: runOrigin.exactOptional(),
  /** The runbook that the spec was made from, as the spec says. */
  runbook: runbookUse.exactOptional(),
  trigger: runTrigger.exactOptional(),
  capMicros: z.int().nonnegative(),
  /** Of a run that is a part of a campaign. */
  parent: z.strictObject({ runId: text, part: text, round: z.int().positive() }).exactOptional(),
  createdAt: text,
});

/** The part of a record that steps, commands and ended phases change. */
export const runState = z.strictObject({
  status: z.enum([...unfinishedStatuses, ...finalStatuses]),
  /** Last known state of the state machine. */
  state: text,
  error: z.strictObject({ name: text, message: text, remedy: text }).exactOptional(),
  /** Id of the open gate. */
  gate: text.exactOptional(),
  /** Start time of the execution that claimed the run, ISO 8601. */
  claimedBy: text.exactOptional(),
  /** Commit that the work starts from, frozen by Claim; it changes only when the target branch moves. */
  base: text.exactOptional(),
  /** Last published head of the branch. */
  commit: text.exactOptional(),
  pullRequest: z.strictObject({ id: text, url: text, draft: z.boolean() }).exactOptional(),
  /** Set by cancel and supersede; the next step sees it. */
  stop: z.strictObject({ as: z.enum(['Cancelled', 'Superseded']), by: text, reason: text }).exactOptional(),
  spentMicros: z.int().nonnegative(),
  tokens: z.strictObject({ input: z.number(), output: z.number(), cached: z.number() }),
  work: runWork,
  /** Of a campaign: its parts. */
  campaign: campaignState.exactOptional(),
  /** Milliseconds per phase key. */
  durations: z.record(text, z.number()),
  /** Gate ids and phase keys whose result is part of this record, so that none is applied twice. */
  applied: z.array(text).exactOptional(),
  endedAt: text.exactOptional(),
  /** Optimistic lock. */
  version: z.int().positive(),
});

export const runRecord = z.strictObject({ ...runFacts.shape, ...runState.shape });
export type RunRecord = z.infer<typeof runRecord>;

/**
 * A change of a record that cannot change the end of a run: a late writer never replaces a final status. Costs and
 * results of a phase are still added.
 */
export function keepEnd(before: RunRecord, changed: RunRecord): RunRecord {
  if (!isFinal(before.status)) return changed;
  const { gate: _gate, error: _error, endedAt: _endedAt, ...rest } = changed;
  const { status, state, error, endedAt } = before;
  return {
    ...rest,
    status,
    state,
    ...defined({ error, endedAt }),
  };
}

/** Whether the result of a gate or a phase attempt is part of the record already. */
export const hasApplied = (run: RunRecord, key: string): boolean => run.applied?.includes(key) === true;

/** The record once the result of a gate or a phase attempt is part of it. */
export const withApplied = (run: RunRecord, key: string): RunRecord => ({
  ...run,
  applied: [...(run.applied ?? []), key],
});

/** An event in the history of a run. An event is recorded once per `key`. */
export const runEvent = z.strictObject({
  key: text,
  /** ISO 8601. */
  at: text,
  type: text,
  text,
  data: z.record(text, z.unknown()).exactOptional(),
  /** Person id, or who else acted; absent if Drydock did. */
  who: text.exactOptional(),
  /** Where a person acted. */
  channel: z.enum(channels).exactOptional(),
  /** Digest or commit that the act was about. */
  on: text.exactOptional(),
  /** Position in the chain of the run, and the hash of the line; absent in events from before the chain. */
  seq: z.int().positive().exactOptional(),
  hash: digest.exactOptional(),
});
export type RunEvent = z.infer<typeof runEvent>;
