/** Concurrency slots, the queue for them, and the switch that pauses admission of new runs. */
export interface Admission {
  /** Takes a concurrency slot of a scope; true when the run holds one, also when it held it before. */
  acquireSlot(scope: string, runId: string, limit: number): Promise<boolean>;
  releaseSlot(scope: string, runId: string): Promise<void>;
  slotHolders(scope: string): Promise<string[]>;
  /** Puts a run in the scope's queue, once. @param at ISO 8601; the queue is in this order. */
  enqueue(scope: string, runId: string, at: string): Promise<void>;
  dequeue(scope: string, runId: string): Promise<void>;
  /** Oldest first. */
  queue(scope: string): Promise<string[]>;
  setPaused(paused: boolean, by: string): Promise<void>;
  paused(): Promise<boolean>;
}
