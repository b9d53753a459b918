/** The time source of the engine; tests control it. */
export interface EngineClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `call` once after `ms` milliseconds; returns a function that cancels it. */
  after(ms: number, call: () => void): () => void;
}

/**
 * Maximum time between two checks of the clock while an execution waits. A longer timer could overflow (`setTimeout`
 * fires immediately from 2^31 ms, 24.8 days), and would not notice that the machine slept or that its clock was set.
 */
export const maxTimerMs = 60_000;

export const realClock: EngineClock = {
  now: Date.now,
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
