import type { Gate, Vote } from '../../core/run/gate.ts';
import type { ModelCall } from '../../core/run/phase.ts';
import type { RunEvent, RunRecord } from '../../core/run/record.ts';
import { type ReviewFacts, reviewFactsOf } from '../asks/review.ts';
import type { Deps } from '../deps.ts';

/** A gate without its token, with its votes. */
export type GateView = Omit<Gate, 'token'> & { votes: Vote[] };

/** The audit trail of a run (R30): events, gates with all votes, and each metered call. */
export interface Audit {
  runId: string;
  taskId: string;
  requester: string;
  /** Who started an attempt of this spec again. */
  retriers: string[];
  policyDigest: string;
  events: RunEvent[];
  gates: GateView[];
  reviews: ReviewFacts | null;
  calls: ModelCall[];
}

/** @param gates All gates of the run, with their votes. */
export async function auditOf(deps: Deps, record: RunRecord, gates: GateView[]): Promise<Audit> {
  const { runId, taskId, requester, retriers = [], policyDigest } = record;
  const [events, calls] = await Promise.all([deps.runs.events(runId), deps.ledger.calls(runId)]);
  const reviews = await reviewFactsOf(deps, record);
  return { runId, taskId, requester, retriers, policyDigest, events, gates, reviews, calls };
}
