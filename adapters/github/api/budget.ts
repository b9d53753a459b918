import { DrydockError } from '../../../core/errors.ts';
import type { HostErrorDetails } from './errors.ts';

/** GitHub's budgets of requests are hourly; a longer wait is a clock that differs. */
const maxMs = 3_600_000;

/**
 * The budget of requests of one installation. Once GitHub has said that it is used up, further calls fail at once and ask
 * GitHub nothing until the time it named: requests beyond a limit may extend it.
 */
export interface Budget {
  /** @throws HostRateLimited while the budget is used up. */
  check(what: string): void;
  /** GitHub asks to wait for so long. */
  limited(ms: number): void;
  /** A response with these headers was a success: the last one of a budget says so too. */
  answered(headers: Record<string, unknown>): void;
}

export function createBudget(now: () => number): Budget {
  let until = 0;
  const limited = (ms: number): void => {
    until = Math.max(until, now() + Math.min(ms, maxMs));
  };
  return {
    limited,
    check(what) {
      const retryAfterMs = until - now();
      if (retryAfterMs <= 0) return;
      const details: HostErrorDetails = { status: 429, retryAfterMs };
      throw new DrydockError('HostRateLimited', `${what}: GitHub's limit for this installation is reached.`, {
        details,
      });
    },
    answered(headers) {
      if (String(headers['x-ratelimit-remaining']) !== '0') {
        until = 0;
        return;
      }
      limited(Number(headers['x-ratelimit-reset'] ?? 0) * 1_000 - now());
    },
  };
}
