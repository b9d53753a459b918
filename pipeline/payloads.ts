import { z } from 'zod';
import { askKinds } from '../core/ask/kinds.ts';

/** Input and output of each step. The state holds ids and small facts; everything large is an artifact. */

const runId = z.string().regex(/^[rd]-[0-9a-f]{40}$/);
const round = z.int().positive();
/** Task token of the waiting state; stored encrypted, answered once. */
const token = z.string().min(1).max(2048);

/** The end of a run; error and cause as caught by the state machine. */
const outcome = z.strictObject({
  status: z.enum(['delivered', 'rejected', 'failed', 'cancelled', 'superseded', 'over-budget']),
  error: z.string().optional(),
  cause: z.string().optional(),
});
export type Outcome = z.infer<typeof outcome>;

const runLimits = z.strictObject({
  reworkRounds: z.int().nonnegative(),
  /** Maximum wait for people, and for a concurrency slot. */
  gateSeconds: z.int().positive(),
  /** Maximum wait for a phase: the sandbox's own limit and a margin for its start and end. */
  phaseSeconds: z.int().positive(),
  /** Number of agents that review a change. */
  reviewers: z.int().nonnegative(),
  /** Maximum wait for the parts of a campaign. Each ends by its own limits, so this only ends a wait that was forgotten. */
  partsSeconds: z.int().positive(),
});

export const payloads = {
  validate: {
    input: z.strictObject({ runId }),
    output: z.strictObject({
      limits: runLimits,
      dryRun: z.boolean(),
      /** What a run of its own asks an agent; empty for a task. */
      kind: z.enum(['', ...askKinds]),
      /** Parts of the plan run as executions of their own. */
      campaign: z.boolean(),
      /** The run is a part of a campaign: its change is its result. */
      part: z.boolean(),
    }),
  },
  estimate: { input: z.strictObject({ runId }), output: z.strictObject({ expectedMicros: z.int().nonnegative() }) },
  claim: {
    input: z.strictObject({ runId, startedAt: z.string() }),
    output: z.strictObject({ base: z.string() }),
  },
  reserve: { input: z.strictObject({ runId }), output: z.strictObject({ admitted: z.boolean() }) },
  queue: { input: z.strictObject({ runId, round, token }), output: z.strictObject({}) },
  plan: { input: z.strictObject({ runId, round, token }), output: z.strictObject({}) },
  'plan-gate': { input: z.strictObject({ runId, round, token }), output: z.strictObject({}) },
  dispatch: { input: z.strictObject({ runId, round, token }), output: z.strictObject({}) },
  integrate: {
    input: z.strictObject({ runId }),
    /** `more`: parts have still to run, on top of what was merged. */
    output: z.strictObject({ outcome: z.enum(['merged', 'more', 'conflict']) }),
  },
  build: {
    input: z.strictObject({
      runId,
      round,
      phase: z.enum(['build', 'rework', 'review']),
      /** Of a review: which of the task's reviewers, counted from 0. */
      reviewer: z.int().nonnegative().exactOptional(),
      token,
    }),
    output: z.strictObject({}),
  },
  'checkpoint-gate': { input: z.strictObject({ runId, round, token }), output: z.strictObject({}) },
  verify: { input: z.strictObject({ runId, round, token }), output: z.strictObject({}) },
  'ask-human': { input: z.strictObject({ runId, round, reason: z.string(), token }), output: z.strictObject({}) },
  publish: {
    input: z.strictObject({ runId, round }),
    output: z.strictObject({ outcome: z.enum(['published', 'moved', 'conflict']), head: z.string() }),
  },
  'await-ci': { input: z.strictObject({ runId, round, token }), output: z.strictObject({}) },
  'review-gate': { input: z.strictObject({ runId, round, token }), output: z.strictObject({}) },
  deliver: { input: z.strictObject({ runId }), output: z.strictObject({}) },
  settle: { input: z.strictObject({ runId, outcome }), output: z.strictObject({ status: z.string() }) },
} as const;

export type StepName = keyof typeof payloads;
export type StepInput<N extends StepName> = z.infer<(typeof payloads)[N]['input']>;
export type StepOutput<N extends StepName> = z.infer<(typeof payloads)[N]['output']>;

export const stepNames = Object.keys(payloads) as StepName[];

/** `reason` of a checkpoint at which the agent did not stop: its work is already done. */
export const checkpointMissed = 'CheckpointMissed';

/** `reason` of a review that found what has to be corrected, and of an answer that the agent has to give again. */
export const reviewBlocked = 'ReviewBlocked';
export const answerInvalid = 'ResultInvalid';

/** Begins the reason for which a person is asked when an agent could not review; its number and the name of the error follow. */
export const reviewFailed = 'ReviewFailed:';

/** Answer to the token of a phase. `reason` names the first failure, for the person who may be asked. */
export const phaseAnswer = z.strictObject({
  outcome: z.enum(['planned', 'built', 'question', 'checkpoint', 'passed', 'failed']),
  approval: z.boolean(),
  reason: z.string().max(200),
});
export type PhaseAnswer = z.infer<typeof phaseAnswer>;

/** Answer to the token of a gate. */
export const gateAnswer = z.strictObject({
  outcome: z.enum(['approved', 'revise', 'rejected', 'answered', 'green', 'red', 'admitted']),
});
/** Answers to waits that only campaigns have, so that no execution of an earlier version gets one of them. */
export const campaignAnswer = z.strictObject({
  outcome: z.enum(['parts-ended', 'parts-done', 'part-failed', 'dispatch', 'integrate']),
});
