import { z } from 'zod';
import { partActions } from '../campaign/part-actions.ts';
import { question } from './phase.ts';
import { reviewThread } from './record.ts';

/**
 * Kinds of waits that hold a task token. `slot` waits for the scheduler, `ci` for checks, `parts` for the parts of a
 * campaign; people decide the others.
 */
const gateKinds = ['plan', 'checkpoint', 'question', 'review', 'slot', 'ci', 'parts'] as const;
export type GateKind = (typeof gateKinds)[number];
/** Kinds that no person decides. */
export type WaitKind = 'slot' | 'ci' | 'parts';
export const isWait = (kind: GateKind): kind is WaitKind => kind === 'slot' || kind === 'ci' || kind === 'parts';

const voteChoices = ['approve', 'revise', 'reject', 'answer'] as const;
export type VoteChoice = (typeof voteChoices)[number];

export const vote = z.strictObject({
  person: z.string(),
  choice: z.enum(voteChoices),
  /** Reason, instruction, answer or added constraint. */
  text: z.string(),
  /** Head commit or plan digest that the person saw. */
  head: z.string(),
  /** ISO 8601. */
  at: z.string(),
  /** The gate was already decided or expired; the vote is stored and not counted. */
  late: z.boolean(),
});
export type Vote = z.infer<typeof vote>;

const gateDecision = z.strictObject({
  /** `needs-person`: the run has nobody to answer (`--yes`). The last seven are for CI, the queue and parts. */
  outcome: z.enum([
    'approved',
    'revise',
    'rejected',
    'answered',
    'expired',
    'cancelled',
    'superseded',
    'needs-person',
    'green',
    'red',
    'ci-missing',
    'admitted',
    'parts-ended',
    'parts-done',
    'part-failed',
  ]),
  by: z.array(z.string()),
  text: z.string(),
  /** What the option does that the person chose, where it is more than an answer. */
  does: z.enum(partActions).exactOptional(),
  /** Digest of an edited plan. */
  edit: z.string().exactOptional(),
  /** Constraint added with the approval. */
  constraint: z.string().exactOptional(),
  /** Review comments that came with a `revise`. */
  threads: z.array(reviewThread).exactOptional(),
  at: z.string(),
});
export type GateDecision = z.infer<typeof gateDecision>;

/** An option of a question, with its action. */
const gateOption = z.strictObject({
  label: z.string(),
  /**
   * `answer` continues with the label or the person's text, `reject` ends the run, `accept` approves the change. Of a
   * campaign: `redo` does the part again, `leave-out` goes on without it, `take-ours` and `take-theirs` settle a conflict.
   */
  does: z.enum(['answer', 'reject', 'accept', ...partActions]),
  /** The option is valid only with a text from the person. */
  text: z.literal('required').exactOptional(),
});
export type GateOption = z.infer<typeof gateOption>;

export const gate = z.strictObject({
  /** `<runId>.<kind>.<round>`; deterministic, so that opening the gate twice opens one gate. */
  gateId: z.string(),
  runId: z.string(),
  taskId: z.string(),
  kind: z.enum(gateKinds),
  round: z.int().positive(),
  /** Commit (review) or plan digest (plan) under vote; votes for another one are refused. */
  head: z.string(),
  title: z.string(),
  /** The displayed content: plan, question, checkpoint or failing command. */
  text: z.string(),
  /** What is at stake, in a sentence for lists and messages. */
  stake: z.string().exactOptional(),
  question: question.exactOptional(),
  /** Options with an action. Absent when the agent asks: its options are answers. */
  options: z.array(gateOption).exactOptional(),
  /** The part of a campaign that a question is about. */
  part: z.string().exactOptional(),
  /** A question that may also be approved: the run then continues with the change as it is. */
  acceptable: z.boolean(),
  /** Person ids that may approve; for a question, a subset of those that may answer. */
  approvers: z.array(z.string()),
  /** A person has to decide: `--yes` may not. */
  needsPerson: z.boolean(),
  requester: z.string(),
  /** Person ids that, like the requester, may not approve. */
  barred: z.array(z.string()).exactOptional(),
  /** Person ids that may decide. */
  eligible: z.array(z.string()),
  required: z.int(),
  solo: z.boolean(),
  /** Number of alternatives that may still be requested. */
  revisionsLeft: z.int(),
  approvals: z.array(z.string()),
  status: z.enum(['pending', 'decided']),
  decision: gateDecision.exactOptional(),
  /** Encrypted task token; never leaves the store. */
  token: z.string(),
  delivered: z.boolean(),
  openedAt: z.string(),
  expiresAt: z.string(),
  version: z.int(),
});
export type Gate = z.infer<typeof gate>;
