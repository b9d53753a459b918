import { setTimeout as delay } from 'node:timers/promises';

const requestMs = 30_000;
/** Time of a request after the process was asked to stop: enough to revoke a token, and no person waits for long. */
const stoppingMs = 3_000;

/** How long requests to the host and the pauses between them last. */
export interface Patience {
  /** Waits before a retry; returns at once when the process is asked to stop. */
  sleep(ms: number): Promise<unknown>;
  /** The deadline of a request that starts now. */
  deadline(): AbortSignal;
  /** Whether the process was asked to stop: nothing is tried again. */
  readonly over: boolean;
}

/** @param stopping Aborts when the process is asked to stop; never where the platform ends the process. */
export function createPatience(
  stopping?: AbortSignal,
  sleep: (ms: number, signal?: AbortSignal) => Promise<unknown> = pause,
): Patience {
  const soonAfter = new AbortController();
  stopping?.addEventListener('abort', () => setTimeout(() => soonAfter.abort(), stoppingMs).unref(), { once: true });
  const isOver = (): boolean => stopping?.aborted === true;
  return {
    sleep: (ms) => sleep(ms, stopping),
    deadline: () =>
      isOver() ? AbortSignal.timeout(stoppingMs) : AbortSignal.any([AbortSignal.timeout(requestMs), soonAfter.signal]),
    get over() {
      return isOver();
    },
  };
}

const pause = (ms: number, signal?: AbortSignal): Promise<unknown> =>
  delay(ms, undefined, signal && { signal }).catch(() => undefined);
