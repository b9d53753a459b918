import type { Gate, GateDecision, Vote } from '../../run/gate.ts';

/** Requests for a decision and the votes on them. */
export interface Gates {
  /**
   * Opens a gate, once. A second call replaces the token (newest wins), so that a decision is delivered to it too, and
   * returns the stored gate.
   */
  open(gate: Gate): Promise<Gate>;
  get(gateId: string): Promise<Gate | undefined>;
  /** The existing gates of these ids, read many at once, in no order, without those that cannot be read. */
  many(gateIds: string[]): Promise<Gate[]>;
  byRun(runId: string): Promise<Gate[]>;
  votes(gateId: string): Promise<Vote[]>;
  /**
   * Puts a vote and, when it decides, the decision in the same transaction. False when the gate changed meanwhile:
   * read it again. @throws VoteRefused for a person's second vote.
   */
  vote(gate: Gate, vote: Vote, decision: GateDecision | undefined): Promise<boolean>;
  /** Decides without a vote (expiry, cancel, slot, CI). False when it was decided before. */
  decide(gateId: string, decision: GateDecision): Promise<boolean>;
  /** Keeps a vote that came too late. */
  recordLate(gateId: string, vote: Vote): Promise<void>;
  markDelivered(gateId: string): Promise<void>;
}
