/** Changes of a phase to the run's work, applied before its token is answered; applying them twice changes nothing. */
export interface WorkPatch {
  plan?: string;
  changeSet?: { manifest: string; blobs: string };
  handoff?: string;
  /** Names of checkpoints at which a person is asked now. */
  checkpoints?: string[];
  /** Digests to add to the feedback of the next build. */
  feedback?: string[];
  /** Removes all earlier feedback: it has been worked in. */
  clearFeedback?: boolean;
  /** Result and evidence digests by name. */
  results?: Record<string, string>;
  /** Milliseconds by phase key. */
  durations?: Record<string, number>;
}

export type PhaseReply = ({ output: unknown } | { error: string; cause: string }) & { patch: WorkPatch };

/** A running or ended phase and the token that waits for it. */
export interface PhaseRecord {
  /** `<runId>/<phase>/<round>`: the phase without its attempt. */
  phaseId: string;
  runId: string;
  /** Counted from 1. */
  attempt: number;
  /** Encrypted task token, newest wins. */
  token: string;
  /** The request of the step, so that the next attempt can be launched from it. */
  request: Record<string, unknown>;
  status: 'launched' | 'ended';
  /** The answer of the token, sent or to be sent. */
  answer?: PhaseReply;
  delivered: boolean;
}

/** Phases by id, with their encrypted task tokens. */
export interface Phases {
  /** Stores token and request of a phase and counts the attempt; newest token wins. Returns the record as stored. */
  launch(phase: {
    phaseId: string;
    runId: string;
    token: string;
    request: Record<string, unknown>;
  }): Promise<PhaseRecord>;
  get(phaseId: string): Promise<PhaseRecord | undefined>;
  byRun(runId: string): Promise<PhaseRecord[]>;
  /** Writes the answer if this attempt is the current one and has none. False otherwise. */
  end(phaseId: string, attempt: number, answer: PhaseReply): Promise<boolean>;
  markDelivered(phaseId: string): Promise<void>;
}
