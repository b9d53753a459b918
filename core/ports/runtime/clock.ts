/** The current time, injected so that steps and tests control it. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}
