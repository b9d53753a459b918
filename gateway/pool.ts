/** A number of places, of which a user takes one or more, in the order in which they ask. */
export class Pool {
  readonly #size: number;
  readonly #waiting: { places: number; begin: () => void }[] = [];
  readonly #maxWaiting: number;
  #free: number;

  constructor(size: number, maxWaiting: number) {
    this.#size = size;
    this.#free = size;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Waits for places, and returns a function that gives them back, all or all but some; `undefined` if too many wait, or
   * if `signal` aborts first. Nobody waits for more than all places.
   */
  async take(places: number, signal?: AbortSignal): Promise<((kept?: number) => void) | undefined> {
    const wanted = Math.min(places, this.#size);
    if (signal?.aborted) return undefined;
    if (this.#waiting.length === 0 && wanted <= this.#free) this.#free -= wanted;
    else {
      if (this.#waiting.length >= this.#maxWaiting) return undefined;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const entry = { places: wanted, begin: () => resolve(true) };
      const leave = (): void => {
        const at = this.#waiting.indexOf(entry);
        if (at < 0) return; // it has its places, and gives them back
        this.#waiting.splice(at, 1);
        this.#next();
        resolve(false);
      };
      this.#waiting.push(entry);
      signal?.addEventListener('abort', leave);
      const began = await promise;
      signal?.removeEventListener('abort', leave);
      if (!began) return undefined;
    }
    let held = wanted;
    return (kept = 0) => {
      if (kept >= held) return;
      this.#free += held - kept;
      held = kept;
      this.#next();
    };
  }

  #next(): void {
    for (let first = this.#waiting[0]; first !== undefined && first.places <= this.#free; first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= first.places;
      first.begin();
    }
  }
}
