import { Octokit } from '@octokit/rest';
import { type HostErrorDetails, hostError } from './errors.ts';

const timeoutMs = 30_000;
/** A longer wait than this is left to whoever called. */
const longestWaitMs = 60_000;
const attempts = 4;
/** Doing these twice is doing them once. Of anything else that got no answer nobody knows whether it was done. */
const repeatable = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** Either a token, or Octokit's way to sign as the App. */
export type ClientAuth = { auth: string } | { authStrategy: unknown; auth: object };

/**
 * An Octokit that gives up on a call after 30 seconds and tries again by itself: what can be repeated while the host is
 * unavailable, and anything that was turned away for its rate, when the wait asked for is at most a minute.
 */
export function createClient(apiUrl: string, auth: ClientAuth, sleep: (ms: number) => Promise<unknown>): Octokit {
  const octokit = new Octokit({
    ...auth,
    baseUrl: apiUrl,
    userAgent: 'drydock',
    log: quiet,
    request: {
      fetch: (url: string, init: RequestInit) => fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) }),
    },
  });
  octokit.hook.wrap('request', async (request, asked) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await request(asked);
      } catch (error) {
        const known = hostError(error, `${asked.method} ${asked.url}`);
        const wait =
          (known.details as HostErrorDetails | undefined)?.retryAfterMs ?? Math.random() * 200 * 2 ** attempt;
        // A request that was turned away for its rate was not done.
        const again =
          known.name === 'HostRateLimited' || (known.name === 'HostUnavailable' && repeatable.has(asked.method));
        if (!again || attempt >= attempts || wait > longestWaitMs) throw error;
        await sleep(wait);
      }
    }
  });
  return octokit;
}
