import type { Question } from './phase.ts';
import type { ReviewThread } from './record.ts';

/** What is asked of people. `slot` asks the scheduler, not a person; it lives with the others because it holds a token. */
export type GateKind = 'plan' | 'checkpoint' | 'question' | 'review' | 'slot' | 'ci';

export type VoteChoice = 'approve' | 'revise' | 'reject' | 'answer';

export interface Vote {
  person: string;
  choice: VoteChoice;
  /** Reason, instruction, answer or added constraint. */
  text: string;
  /** Head commit or plan digest the person saw. */
  head: string;
  at: string;
  /** The gate was decided or expired already; kept, never counted. */
  late: boolean;
}

export interface GateDecision {
  /** `needs-person`: nobody is there to answer (`--yes`). The last four: CI and the queue. */
  outcome:
    | 'approved'
    | 'revise'
    | 'rejected'
    | 'answered'
    | 'expired'
    | 'cancelled'
    | 'superseded'
    | 'needs-person'
    | 'green'
    | 'red'
    | 'ci-missing'
    | 'admitted';
  by: string[];
  text: string;
  /** Digest of an edited plan. */
  edit?: string;
  /** Constraint added with the approval. */
  constraint?: string;
  /** Review comments that came with a `revise`. */
  threads?: ReviewThread[];
  at: string;
}

/** An option of a question, and what choosing it does. */
export interface GateOption {
  label: string;
  /** `answer` goes on with the label or the person's words, `reject` ends the run, `accept` approves the change. */
  does: 'answer' | 'reject' | 'accept';
  /** The option is nothing without the person's own words. */
  text?: 'required';
}

export interface Gate {
  /** `<runId>.<kind>.<round>`; deterministic, so that opening it twice opens one. */
  gateId: string;
  runId: string;
  taskId: string;
  kind: GateKind;
  round: number;
  /** Commit (review) or plan digest (plan) that is voted on; votes for another are refused. */
  head: string;
  /** What is shown: plan, question, checkpoint, failing command. */
  title: string;
  text: string;
  question?: Question;
  /** Options that carry an action. Absent where the agent asks: its options are answers. */
  options?: GateOption[];
  /** A question that may also be approved: then the change goes on as it is. */
  acceptable: boolean;
  /** Person ids that may approve; of a question, fewer than may answer. */
  approvers: string[];
  /** A person has to look: `--yes` may not decide it. */
  needsPerson: boolean;
  requester: string;
  /** Person ids that may decide. */
  eligible: string[];
  required: number;
  solo: boolean;
  /** How many alternatives may still be asked for. */
  revisionsLeft: number;
  approvals: string[];
  status: 'pending' | 'decided';
  decision?: GateDecision;
  /** Encrypted task token; never leaves the store. */
  token: string;
  delivered: boolean;
  openedAt: string;
  expiresAt: string;
  version: number;
}
