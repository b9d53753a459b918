import type { Gate, Vote } from '../../core/run/gate.ts';
import type { ModelCall } from '../../core/run/phase.ts';
import type { RunEvent } from '../../core/run/record.ts';
import type { ReviewFacts } from '../asks/review.ts';

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
