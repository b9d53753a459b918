/** Concurrency slots, the queue for them, and the switch that pauses admission of new runs. */
export interface Admission {
  /**
   * Takes a concurrency slot of a scope; true when the run holds one, also when it held it before.
   * @param total The limit over all scopes, taken in the same write; without it the run does not count against it.
   */
  acquireSlot(scope: string, runId: string, limit: number, total?: number): Promise<boolean>;
  /** Gives up the slot of the scope, and with it that of the limit over all scopes. */
  releaseSlot(scope: string, runId: string): Promise<void>;
  slotHolders(scope: string): Promise<string[]>;
  /** How many runs count against the limit over all scopes. */
  slotsTaken(): Promise<number>;
  /** Scopes whose holders count, or once counted, against the limit over all scopes. */
  countedScopes(): Promise<string[]>;
  /** Puts a run in the scope's queue, once. @param at ISO 8601; the queue is in this order. */
  enqueue(scope: string, runId: string, at: string): Promise<void>;
  dequeue(scope: string, runId: string): Promise<void>;
  /** Oldest first. */
  queue(scope: string): Promise<string[]>;
  /** @param by Who changed it, and why. */
  setPaused(paused: boolean, by: string): Promise<void>;
  paused(): Promise<boolean>;
  /** Who paused it, and why; undefined while it is not paused. */
  pausedBy(): Promise<string | undefined>;
}
