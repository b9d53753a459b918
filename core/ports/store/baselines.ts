/** Green baselines by the digest of everything that decides their result. */
export interface Baselines {
  /** Remembers that a baseline was green in a run; the first one stands. */
  remember(key: string, runId: string): Promise<void>;
  /** The run in which a baseline was green. */
  find(key: string): Promise<string | undefined>;
}
