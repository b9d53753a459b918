import { type Remark, remarks } from '../../core/remark/remark.ts';

/** What people say to the agent of a phase, held until the runner asks for it. */
export class Inbox {
  #remarks: readonly Remark[] = [];
  #waiting: { after: number; end(): void } | undefined;

  /** Takes all that was said in the run so far; a list that is shorter than the one before comes late. */
  put(remarks: readonly Remark[]): void {
    if (remarks.length <= this.#remarks.length) return;
    this.#remarks = remarks;
    if (this.#waiting && remarks.length > this.#waiting.after) this.#waiting.end();
  }

  /** Takes what a launcher or a store says; what is not a list of that form is ignored. */
  putUnread(given: unknown): void {
    const { data } = remarks.safeParse(given);
    if (data) this.put(data);
  }

  /** What follows the first `after`, as soon as there is anything; nothing after `maxMs`. A later call ends an earlier one. */
  async next(after: number, maxMs: number, gone: AbortSignal): Promise<readonly Remark[]> {
    this.#waiting?.end();
    if (this.#remarks.length <= after)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, maxMs);
        const end = (): void => {
          clearTimeout(timer);
          resolve();
        };
        gone.addEventListener('abort', end, { once: true });
        this.#waiting = { after, end };
      });
    return this.#remarks.slice(after);
  }
}
