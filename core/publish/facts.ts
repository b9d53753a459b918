import type { ShownFirst } from '../guard/attention/shown-first.ts';
import type { Violation } from '../guard/violation.ts';
import type { Plan } from '../plan/schema.ts';
import type { Remark } from '../remark/remark.ts';
import type { CommandResult, Refusal } from '../run/phase.ts';
import type { RunTrigger } from '../run/record.ts';
import type { RunbookUse } from '../runbook/record.ts';
import type { Verdict } from './verdict.ts';

/** A part of a campaign. */
export interface PartFact {
  id: string;
  title: string;
  role: string | undefined;
  /** Agent profile; undefined if the part never ran. */
  agent: string | undefined;
  leftOut: boolean;
  /** How often it was done. */
  rounds: number;
  dependsOn: string[];
  /** Number of changed files that its paths name. */
  files: number;
  /** Results of its own Verify. */
  commands: CommandResult[];
  /** Of all its rounds, in micro-US-dollars. */
  usdMicros: number;
}

/** A changed path with the plan phase that names it; undefined: not planned. */
export interface FileFact {
  path: string;
  op: 'put' | 'delete';
  phase: string | undefined;
  /** Undefined if the change is too large to be compared. */
  size?: FileSize | undefined;
}

/** How much of a file changed, in lines. */
export interface FileSize {
  op: 'added' | 'changed' | 'deleted';
  added: number;
  removed: number;
}

/** What led to another commit: a review, or a failed CI gate. `round`: 2 for the second commit. */
export interface RoundFact {
  round: number;
  by: string[];
  text: string;
}

/** The facts of a run that its commit and pull request show (R6, R33). */
export interface PublishFacts {
  runId: string;
  /** URL of the run's page; undefined if there is no page that others can open. */
  link: string | undefined;
  taskId: string;
  title: string;
  instructions: string;
  specPath: string;
  specBlob: string;
  policyDigest: string;
  promptVersion: string;
  base: string;
  agent: string;
  model: string | undefined;
  requester: string;
  planApprovers: string[];
  solo: boolean;
  /** The trigger of a runbook that started the run. */
  trigger: RunTrigger | undefined;
  /** The runbook that the spec was made from. */
  runbook: RunbookUse | undefined;
  /** Names of the lessons that prompts of the run had. */
  lessons: string[];
  plan: Plan;
  files: FileFact[];
  /** Critical paths of the policy that the change touches, with the approvals that they need. */
  critical: { glob: string; reviewers: number }[];
  /** Rounds after the first commit, oldest first: who asked for them, and for what. */
  rounds: RoundFact[];
  /** Constraints that people added to the plan, and their answers to questions. */
  added: { by: string[]; constraint: string }[];
  answers: { by: string; question: string; text: string }[];
  /** What people said while the run was under way. */
  remarks: Pick<Remark, 'by' | 'text'>[];
  constraints: { text: string; enforcedBy: 'guard' | 'test' | 'advisory'; detail: string }[];
  /** What Verify said about the tests. */
  tests: Verdict['tests'];
  verify: { commands: CommandResult[]; versions: Record<string, string>; enforcer: string };
  /** What the agent that failed said, if the last round did. */
  agentFailure: string | undefined;
  /** New files and folders of the last round that git ignores, so that they are not in the change. */
  hidden: string[];
  /** Changed files whose line ends changed in every line. */
  flipped: string[];
  /** What agents found in the review of this change, one line each; empty if none reviewed it. */
  reviews: string[];
  weakened: Violation[];
  first: ShownFirst[];
  refusals: Refusal[];
  /** Of a campaign; empty for another run. */
  parts: PartFact[];
  usdMicros: number;
  /** Maximum cost of the run, and what was expected; undefined if nothing was estimated. */
  capMicros: number;
  expectedMicros: number | undefined;
  tokens: { input: number; output: number; cached: number };
  /** Whether the host takes `/drydock` commands in comments. */
  commands: boolean;
}
