import { type Remark, remarks } from '../../core/remark/remark.ts';

/** What people say to the agent of a phase, held until the runner asks for it. */
export class Inbox {
  /** In the order in which they came: what was said at the same time is not always stored in the order of its time. */
  readonly #remarks = new Map<string, Remark>();
  readonly #leftOut = new Set<string>();
  #waiting: { after: number; end(): void } | undefined;

  /** Keys of what the prompt has. */
  leaveOut(keys: readonly string[]): void {
    for (const key of keys) this.#leftOut.add(key);
  }

  /** Takes all that was said in the run so far; a list may come late, after one with more. */
  put(remarks: readonly Remark[]): void {
    for (const each of remarks) if (!this.#remarks.has(each.key)) this.#remarks.set(each.key, each);
    if (this.#waiting && this.#from(this.#waiting.after).length > 0) this.#waiting.end();
  }

  #from(after: number): Remark[] {
    return [...this.#remarks.values()].filter(({ key }) => !this.#leftOut.has(key)).slice(after);
  }

  /** Takes what a launcher or a store says; what is not a list of that form is ignored. */
  putUnread(given: unknown): void {
    const { data } = remarks.safeParse(given);
    if (data) this.put(data);
  }

  /** What follows the first `after`, as soon as there is anything; nothing after `maxMs`. A later call ends an earlier one. */
  async next(after: number, maxMs: number, gone: AbortSignal): Promise<readonly Remark[]> {
    this.#waiting?.end();
    if (this.#from(after).length === 0 && !gone.aborted)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, maxMs);
        const end = (): void => {
          clearTimeout(timer);
          resolve();
        };
        gone.addEventListener('abort', end, { once: true });
        this.#waiting = { after, end };
      });
    return this.#from(after);
  }
}
