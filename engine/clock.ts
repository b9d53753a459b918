/** Time as the engine sees it; tests move it. */
export interface EngineClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls once after so many milliseconds; returns how to call it off. */
  after(ms: number, call: () => void): () => void;
}

/** `setTimeout` overflows at 2^31-1 ms and then fires at once; longer waits are looked at again in between. */
export const longestTimerMs = 2 ** 31 - 1;

export const realClock: EngineClock = {
  now: Date.now,
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
