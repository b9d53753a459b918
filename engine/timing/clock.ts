/** Time as the engine sees it; tests move it. */
export interface EngineClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls once after so many milliseconds; returns how to call it off. */
  after(ms: number, call: () => void): () => void;
}

/**
 * The engine looks at the time again at least this often while something is due. A timer of its own for days would
 * overflow (`setTimeout` fires at once from 2^31 ms, 24.8 days) and would not notice a machine that slept or whose
 * time was set.
 */
export const maxTimerMs = 60_000;

export const realClock: EngineClock = {
  now: Date.now,
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
