/** One piece of work at a time per key, in the order of the calls; keys at rest take no memory. */
export class Mutex {
  readonly #tails = new Map<string, Promise<unknown>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(key) === mine) this.#tails.delete(key);
    }
  }

  /** Resolves when all that was under way when it was called has ended, well or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#tails.values());
  }
}
