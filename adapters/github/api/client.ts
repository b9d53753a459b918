import { Octokit } from '@octokit/rest';
import githubAppJwt from 'universal-github-app-jwt';
import { backoffMs } from '../../../core/concurrency/backoff.ts';
import type { Budget } from './budget.ts';
import type { Conditional } from './conditional.ts';
import { type HostErrorDetails, hostError, statusOf } from './errors.ts';
import type { Patience } from './patience.ts';

/** A longer wait is left to the caller. */
const maxWaitMs = 60_000;
const attempts = 4;
/** Idempotent methods. After any other request without an answer it is unknown whether the request took effect. */
const repeatable = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** A token, or the key of the GitHub App: each request is then signed as the App. */
export type ClientAuth = { token: string } | { app: { appId: number; privateKey: string } };

/**
 * An Octokit with a timeout of 30 seconds per request. It retries idempotent requests while the host is unavailable, and
 * every request that was rate limited, when the host asks to wait for at most a minute.
 */
export function createClient(
  apiUrl: string,
  auth: ClientAuth,
  patience: Patience,
  fetch: typeof globalThis.fetch = globalThis.fetch,
  shared?: { budget: Budget; conditional: Conditional },
): Octokit {
  const octokit = new Octokit({
    ...('token' in auth ? { auth: auth.token } : {}),
    baseUrl: apiUrl,
    userAgent: 'drydock',
    log: quiet,
    request: {
      fetch: (url: string, init: RequestInit) => fetch(url, { ...init, signal: patience.deadline() }),
    },
  });
  octokit.hook.wrap('request', async (request, asked) => {
    const what = `${asked.method} ${asked.url}`;
    const { url } = octokit.request.endpoint(asked);
    const before = shared?.conditional.find(asked.method, url);
    if (before) asked.headers['if-none-match'] = before.etag;
    for (let attempt = 1; ; attempt++) {
      try {
        // The request is sent again after the wait that GitHub demanded.
        if (attempt === 1) shared?.budget.check(what);
        if ('app' in auth) asked.headers.authorization = `bearer ${await appJwt(auth.app)}`;
        const response = await request(asked);
        shared?.budget.answered(response.headers);
        shared?.conditional.keep(asked.method, url, response.headers, response.data);
        return response;
      } catch (error) {
        if (before && statusOf(error) === 304)
          return { status: 200, url, headers: before.headers, data: structuredClone(before.data) } as never;
        const known = hostError(error, what);
        const { retryAfterMs } = (known.details as HostErrorDetails | undefined) ?? {};
        // A shorter wait is over before anybody else asks, or soon after.
        if (known.name === 'HostRateLimited' && known !== error && (retryAfterMs ?? 0) > maxWaitMs)
          shared?.budget.limited(retryAfterMs ?? 0);
        const wait = retryAfterMs ?? backoffMs(attempt, { firstMs: 400 }, Math.random);
        // A rate-limited request did not take effect.
        const again =
          known.name === 'HostRateLimited' || (known.name === 'HostUnavailable' && repeatable.has(asked.method));
        if (!again || attempt >= attempts || wait > maxWaitMs || patience.over) throw error;
        await patience.sleep(wait);
        if (patience.over) throw error;
      }
    }
  });
  return octokit;
}

/** Signed anew for each request: a token is valid for ten minutes, and signing takes about a millisecond. */
const appJwt = async ({ appId, privateKey }: { appId: number; privateKey: string }): Promise<string> =>
  (await githubAppJwt({ id: appId, privateKey })).token;
