import type { EngineClock } from '../../engine/timing/clock.ts';

interface Timer {
  at: number;
  order: number;
  call: (() => void) | undefined;
}

/** Turns of the event loop without work after which nothing more happens at this moment. */
const quietTurns = 4;

/**
 * Simulated time: it stands still while code runs, and jumps to the next timer when nothing is under way. `busy` work is
 * what waits for something real, such as an answer of the embedded DynamoDB.
 */
export class SimulatedClock implements EngineClock {
  #now: number;
  #order = 0;
  #busy = 0;
  #idle: (() => void) | undefined;
  /** A heap: the earliest first. */
  readonly #timers: Timer[] = [];
  readonly #faults: unknown[] = [];

  constructor(start: number) {
    this.#now = start;
  }

  readonly now = (): number => this.#now;

  readonly after = (ms: number, call: () => void): (() => void) => {
    const timer: Timer = { at: Math.round(this.#now + Math.max(0, ms)), order: this.#order++, call };
    this.#push(timer);
    return () => {
      timer.call = undefined;
    };
  };

  /** Waits within work that is under way, which lets time go on. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#end();
      this.after(ms, () => {
        this.#busy += 1;
        resolve();
      });
    });
  }

  /** Does work now; time stands still until it ends or sleeps. An error of it ends the simulation. */
  start(work: () => Promise<unknown>): void {
    this.#busy += 1;
    void work()
      .catch((error: unknown) => this.#faults.push(error))
      .finally(() => this.#end());
  }

  /** Work whose caller gets the result. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      return await work();
    } finally {
      this.#end();
    }
  }

  /** Lets time go on until a moment, or until nothing is left to happen. @throws what work threw. */
  async run(until: number): Promise<void> {
    for (;;) {
      await this.#quiet();
      if (this.#faults.length > 0) throw this.#faults[0];
      const next = this.#timers[0];
      if (!next || next.at > until) break;
      this.#now = Math.max(this.#now, next.at);
      while (this.#timers[0] && this.#timers[0].at <= this.#now) this.#pop()?.call?.();
    }
    this.#now = Math.max(this.#now, until);
  }

  async #quiet(): Promise<void> {
    for (let turns = 0; turns < quietTurns; turns++) {
      if (this.#busy > 0) {
        await new Promise<void>((resolve) => {
          this.#idle = resolve;
        });
        turns = 0;
      }
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#busy > 0) turns = -1;
    }
  }

  #end(): void {
    this.#busy -= 1;
    if (this.#busy > 0) return;
    this.#idle?.();
    this.#idle = undefined;
  }

  #push(timer: Timer): void {
    const heap = this.#timers;
    heap.push(timer);
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!this.#before(i, parent)) break;
      this.#swap(i, parent);
      i = parent;
    }
  }

  #pop(): Timer | undefined {
    const heap = this.#timers;
    const first = heap[0];
    const last = heap.pop();
    if (!last || heap.length === 0) return first;
    heap[0] = last;
    for (let i = 0; ; ) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      let least = i;
      if (left < heap.length && this.#before(left, least)) least = left;
      if (right < heap.length && this.#before(right, least)) least = right;
      if (least === i) return first;
      this.#swap(i, least);
      i = least;
    }
  }

  #before(a: number, b: number): boolean {
    const [x, y] = [this.#timers[a], this.#timers[b]];
    if (!x || !y) return false;
    return x.at === y.at ? x.order < y.order : x.at < y.at;
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#timers[a], this.#timers[b]];
    if (x && y) [this.#timers[a], this.#timers[b]] = [y, x];
  }
}
