import { type EngineClock, maxTimerMs } from './clock.ts';

/** One timer for the earliest of many times. */
export class WakeUp {
  readonly #clock: EngineClock;
  readonly #ring: () => void;
  #armed: { at: number; cancel(): void } | undefined;

  constructor(clock: EngineClock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at this time or earlier; the listener checks the clock. @param at Epoch milliseconds. */
  by(at: number): void {
    if (this.#armed && this.#armed.at <= at) return;
    this.off();
    const wait = Math.min(maxTimerMs, Math.max(0, at - this.#clock.now()));
    const cancel = this.#clock.after(wait, () => {
      this.#armed = undefined;
      this.#ring();
    });
    this.#armed = { at, cancel };
  }

  off(): void {
    this.#armed?.cancel();
    this.#armed = undefined;
  }
}
