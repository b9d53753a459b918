import { z } from 'zod';
import { type PhaseRequest, phaseRequest } from '../../run/phase-request.ts';

const digest = z.string();

/** Changes of a phase to the run's work, applied before its token is answered. */
const workPatch = z.strictObject({
  plan: digest.exactOptional(),
  changeSet: z.strictObject({ manifest: digest, blobs: digest }).exactOptional(),
  /** Set when Verify passed, epoch milliseconds. */
  verifiedAt: z.int().exactOptional(),
  handoff: digest.exactOptional(),
  /** Names of the checkpoints that were reached. */
  checkpoints: z.array(z.string()).exactOptional(),
  /** Digests to add to the feedback of the next build. */
  feedback: z.array(digest).exactOptional(),
  /** Removes all earlier feedback, because the change has addressed it. */
  clearFeedback: z.boolean().exactOptional(),
  /** Result and evidence digests by name. */
  results: z.record(z.string(), digest).exactOptional(),
  /** Milliseconds by phase key. */
  durations: z.record(z.string(), z.number()).exactOptional(),
});
export type WorkPatch = z.infer<typeof workPatch>;

const phaseReply = z.union([
  z.strictObject({ output: z.unknown(), patch: workPatch }),
  z.strictObject({ error: z.string(), cause: z.string(), patch: workPatch }),
]);
export type PhaseReply = z.infer<typeof phaseReply>;

/** A running or ended phase and the token that waits for it. */
export const phaseRecord = z.strictObject({
  /** `<runId>/<phase>/<round>`: the phase without its attempt. */
  phaseId: z.string(),
  runId: z.string(),
  /** Counted from 1. */
  attempt: z.int().positive(),
  /** Encrypted task token, newest wins. */
  token: z.string(),
  /** The request of the step, so that the next attempt can be launched from it. */
  request: phaseRequest,
  status: z.enum(['launched', 'ended']),
  /** The answer of the token, sent or to be sent. */
  answer: phaseReply.exactOptional(),
  delivered: z.boolean(),
});
export type PhaseRecord = z.infer<typeof phaseRecord>;

/** Phases by id, with their encrypted task tokens. */
export interface Phases {
  /** Stores token and request of a phase and counts the attempt; newest token wins. Returns the record as stored. */
  launch(phase: { phaseId: string; runId: string; token: string; request: PhaseRequest }): Promise<PhaseRecord>;
  get(phaseId: string): Promise<PhaseRecord | undefined>;
  byRun(runId: string): Promise<PhaseRecord[]>;
  /** Writes the answer if this attempt is the current one and has none. False otherwise. */
  end(phaseId: string, attempt: number, answer: PhaseReply): Promise<boolean>;
  markDelivered(phaseId: string): Promise<void>;
}
