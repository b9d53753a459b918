/** Ports of the three tables: runs, ledger, gates. One DynamoDB adapter implements them in both worlds. */
import type { Gate, GateDecision, Vote } from '../run/gate.ts';
import type { ModelCall } from '../run/phase.ts';
import type { RunEvent, RunRecord } from '../run/record.ts';

export interface Runs {
  /** Puts a record that is not there yet. @throws AlreadyClaimed when it is. */
  create(record: RunRecord): Promise<void>;
  get(runId: string): Promise<RunRecord | undefined>;
  /**
   * Reads, changes and writes a record under its optimistic lock, again when somebody else was faster. The change may
   * run several times and returns undefined to leave the record as it is. @throws RunNotFound.
   */
  update(runId: string, change: (record: RunRecord) => RunRecord | undefined): Promise<RunRecord>;
  /** Newest first. */
  list(limit?: number): Promise<RunRecord[]>;
  byTask(repository: string, taskId: string): Promise<RunRecord[]>;
  /** Records an event once per key. */
  append(runId: string, event: RunEvent): Promise<void>;
  /** Oldest first. */
  events(runId: string): Promise<RunEvent[]>;
}

/** What is known of repositories on a code host: which specs were seen, and which run a commit or pull request is of. */
export interface Sightings {
  /** Git blob ids of the specs that were started, refused or there before us. */
  specs(repository: string): Promise<Set<string>>;
  /** Once per blob; `note` says what became of it. */
  rememberSpec(repository: string, blob: string, note: string): Promise<void>;
  /** Whether the repository's first look was taken. */
  adopted(repository: string): Promise<boolean>;
  /** Marks the first look as taken. */
  adopt(repository: string): Promise<void>;
  /** Ties `head:<commit>` or `pull:<number>` of a repository to a run; the last one counts. */
  link(repository: string, key: string, runId: string): Promise<void>;
  linked(repository: string, key: string): Promise<string | undefined>;
}

export interface BudgetView {
  team: string;
  sprint: string;
  limitMicros: number;
  /** Settled plus reserved; never above the limit. */
  committedMicros: number;
  settledMicros: number;
  runs: { runId: string; taskId: string; reservedMicros: number; settledMicros: number | null }[];
}

export interface Ledger {
  /** Reserves a run's cap in a sprint budget, once. @throws BudgetExceeded. */
  reserve(request: {
    runId: string;
    taskId: string;
    team: string;
    sprint: string;
    capMicros: number;
    limitMicros: number;
  }): Promise<void>;
  /** Replaces a reservation by what was spent, once. Without a reservation it changes nothing. */
  settle(request: { runId: string; team: string; sprint: string; spentMicros: number }): Promise<void>;
  budget(team: string, sprint: string): Promise<BudgetView | undefined>;
  /** Records model calls, each once per id. */
  recordCalls(runId: string, calls: ModelCall[]): Promise<void>;
  calls(runId: string): Promise<ModelCall[]>;
  /** Takes a place among the concurrent runs of a scope; true when held (also when held before). */
  acquireSlot(scope: string, runId: string, limit: number): Promise<boolean>;
  releaseSlot(scope: string, runId: string): Promise<void>;
  slotHolders(scope: string): Promise<string[]>;
  /** Puts a run in the scope's queue, once, at the end. */
  enqueue(scope: string, runId: string, at: string): Promise<void>;
  dequeue(scope: string, runId: string): Promise<void>;
  /** Oldest first. */
  queue(scope: string): Promise<string[]>;
  /** Remembers that a baseline was green and in which run; the first one stands. */
  rememberBaseline(key: string, runId: string): Promise<void>;
  /** The run in which a baseline was green. */
  baseline(key: string): Promise<string | undefined>;
  setPaused(paused: boolean, by: string): Promise<void>;
  paused(): Promise<boolean>;
}

/** What a phase changes in the run's work, applied before its token is answered; applying it twice changes nothing. */
export interface WorkPatch {
  plan?: string;
  changeSet?: { manifest: string; blobs: string };
  handoff?: string;
  /** Names of checkpoints at which a person is asked now. */
  checkpoints?: string[];
  /** Digests to add to the feedback of the next build. */
  feedback?: string[];
  /** Takes all earlier feedback away: it has been worked in. */
  clearFeedback?: boolean;
  /** Result and evidence digests by name. */
  results?: Record<string, string>;
  /** Milliseconds by phase key. */
  durations?: Record<string, number>;
}

export type PhaseReply = ({ output: unknown } | { error: string; cause: string }) & { patch: WorkPatch };

/** A running or ended phase and the token that waits for it. */
export interface PhaseRecord {
  /** `<runId>/<phase>/<round>`: the phase without its try. */
  phaseId: string;
  runId: string;
  tries: number;
  /** Encrypted task token, newest wins. */
  token: string;
  /** What the step was called with, so that the next try can be launched from here. */
  request: Record<string, unknown>;
  status: 'launched' | 'ended';
  /** What the token was or will be answered with. */
  answer?: PhaseReply;
  delivered: boolean;
}

export interface Gates {
  /** Opens a gate, once; on a second call only the token is replaced (newest wins) and the stored gate returned. */
  open(gate: Gate): Promise<Gate>;
  get(gateId: string): Promise<Gate | undefined>;
  byRun(runId: string): Promise<Gate[]>;
  votes(gateId: string): Promise<Vote[]>;
  /**
   * Puts a vote and, when it decides, the decision in the same transaction. False when the gate changed meanwhile
   * (read again) ; a person's second vote is refused by VoteRefused.
   */
  vote(gate: Gate, vote: Vote, decision: GateDecision | undefined): Promise<boolean>;
  /** Decides without a vote (expiry, cancel, slot, CI). False when it was decided before. */
  decide(gateId: string, decision: GateDecision): Promise<boolean>;
  /** Keeps a vote that came too late. */
  recordLate(gateId: string, vote: Vote): Promise<void>;
  markDelivered(gateId: string): Promise<void>;

  /** Stores token and request of a phase and counts the try; newest token wins. Returns the record as stored. */
  launchPhase(phase: {
    phaseId: string;
    runId: string;
    token: string;
    request: Record<string, unknown>;
  }): Promise<PhaseRecord>;
  getPhase(phaseId: string): Promise<PhaseRecord | undefined>;
  phasesByRun(runId: string): Promise<PhaseRecord[]>;
  /** Writes the answer if this try is the current one and has none. False otherwise. */
  endPhase(phaseId: string, tries: number, answer: PhaseReply): Promise<boolean>;
  markPhaseDelivered(phaseId: string): Promise<void>;
}
