import { z } from 'zod';
import { question } from './phase.ts';
import { reviewThread } from './record.ts';

/** Kinds of waits that hold a task token. `slot` waits for the scheduler and `ci` for checks; people decide the others. */
const gateKinds = ['plan', 'checkpoint', 'question', 'review', 'slot', 'ci'] as const;
export type GateKind = (typeof gateKinds)[number];

const voteChoices = ['approve', 'revise', 'reject', 'answer'] as const;
export type VoteChoice = (typeof voteChoices)[number];

export const vote = z.strictObject({
  person: z.string(),
  choice: z.enum(voteChoices),
  /** Reason, instruction, answer or added constraint. */
  text: z.string(),
  /** Head commit or plan digest the person saw. */
  head: z.string(),
  /** ISO 8601. */
  at: z.string(),
  /** The gate was decided or expired already; the vote is kept and not counted. */
  late: z.boolean(),
});
export type Vote = z.infer<typeof vote>;

const gateDecision = z.strictObject({
  /** `needs-person`: nobody is there to answer (`--yes`). The last four: CI and the queue. */
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
  ]),
  by: z.array(z.string()),
  text: z.string(),
  /** Digest of an edited plan. */
  edit: z.string().exactOptional(),
  /** Constraint added with the approval. */
  constraint: z.string().exactOptional(),
  /** Review comments that came with a `revise`. */
  threads: z.array(reviewThread).exactOptional(),
  at: z.string(),
});
export type GateDecision = z.infer<typeof gateDecision>;

/** An option of a question, and what choosing it does. */
const gateOption = z.strictObject({
  label: z.string(),
  /** `answer` goes on with the label or the person's words, `reject` ends the run, `accept` approves the change. */
  does: z.enum(['answer', 'reject', 'accept']),
  /** The option is not valid without the person's own words. */
  text: z.literal('required').exactOptional(),
});
export type GateOption = z.infer<typeof gateOption>;

export const gate = z.strictObject({
  /** `<runId>.<kind>.<round>`; deterministic, so that opening it twice opens one. */
  gateId: z.string(),
  runId: z.string(),
  taskId: z.string(),
  kind: z.enum(gateKinds),
  round: z.int().positive(),
  /** Commit (review) or plan digest (plan) that is voted on; votes for another are refused. */
  head: z.string(),
  /** What is shown: plan, question, checkpoint, failing command. */
  title: z.string(),
  text: z.string(),
  question: question.exactOptional(),
  /** Options that carry an action. Absent when the agent asks: its options are answers. */
  options: z.array(gateOption).exactOptional(),
  /** A question that may also be approved: then the change goes on as it is. */
  acceptable: z.boolean(),
  /** Person ids that may approve; of a question, fewer than may answer. */
  approvers: z.array(z.string()),
  /** A person has to look: `--yes` may not decide it. */
  needsPerson: z.boolean(),
  requester: z.string(),
  /** Person ids that may decide. */
  eligible: z.array(z.string()),
  required: z.int(),
  solo: z.boolean(),
  /** How many alternatives may still be asked for. */
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
