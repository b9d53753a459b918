import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import { DrydockError } from '../../core/errors.ts';
import type { CodeHostScope, Credentials } from '../../core/ports.ts';
import { type GitHubAccess, ownerAndRepo, type Purpose } from './access.ts';
import { hostError, statusOf } from './errors.ts';

export interface GitHubAccessConfig {
  /** Without a slash at the end. */
  apiUrl: string;
  /** Base of clone URLs, without a slash at the end. */
  gitUrl: string;
  auth: { appId: number; privateKey: string } | { token: string };
}

const permissions: Record<Purpose, Record<string, 'read' | 'write'>> = {
  read: {
    contents: 'read',
    metadata: 'read',
    pull_requests: 'read',
    checks: 'read',
    statuses: 'read',
    actions: 'read',
  },
  write: { contents: 'write', metadata: 'read', pull_requests: 'write' },
  report: { metadata: 'read', checks: 'write', statuses: 'write', issues: 'write', pull_requests: 'write' },
};
/** A token is minted anew when less than this is left of it. */
const marginMs = 300_000;
const timeoutMs = 30_000;
/** A longer wait than this is left to whoever called. */
const longestWaitMs = 60_000;
const attempts = 4;
export const hooksOwner = 'hooks';

interface Minted {
  id: string;
  token: string;
  expiresAt: number;
}

export interface AccessOptions {
  credentials: Credentials;
  seal(token: string): string;
  open(sealed: string): string;
  now(): number;
  sleep?(ms: number): Promise<unknown>;
}

/** Access to one GitHub as an App, or with one personal token. */
export function createGitHubAccess(config: GitHubAccessConfig, options: AccessOptions): GitHubAccess {
  const { credentials, now } = options;
  const sleep = options.sleep ?? delay;
  const cached = new Map<string, Promise<Minted>>();
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };

  const client = (auth: string | undefined, more: object = {}): Octokit => {
    const octokit = new Octokit({
      ...(auth === undefined ? {} : { auth }),
      baseUrl: config.apiUrl,
      userAgent: 'drydock',
      log: quiet,
      request: {
        fetch: (url: string, init: RequestInit) => fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) }),
      },
      ...more,
    });
    // Only what reads is asked again: of anything else nobody knows whether it was done.
    octokit.hook.wrap('request', async (request, asked) => {
      const safe = asked.method === 'GET' || asked.method === 'HEAD';
      for (let attempt = 1; ; attempt++) {
        try {
          return await request(asked);
        } catch (error) {
          const known = hostError(error, `${asked.method} ${asked.url}`);
          const asksFor = (known.details as { retryAfterMs?: number } | undefined)?.retryAfterMs;
          const wait = asksFor ?? Math.random() * 200 * 2 ** attempt;
          // Of a request that was limited nothing was done.
          const again = known.retry === 'transient' && (safe || known.name === 'HostRateLimited');
          if (!again || attempt >= attempts || wait > longestWaitMs) throw error;
          await sleep(wait);
        }
      }
    });
    return octokit;
  };

  const app = (): Octokit => {
    if ('token' in config.auth) {
      throw new DrydockError('HostForbidden', 'A personal token is no app.', { remedy: 'Run `drydock github setup`.' });
    }
    return client(undefined, { authStrategy: createAppAuth, auth: config.auth });
  };

  const installations = new Map<string, number>();
  const installationOf = async (scope: CodeHostScope): Promise<number> => {
    const known = scope.installation ?? installations.get(scope.repository);
    if (known !== undefined) return known;
    const { data } = await app().apps.getRepoInstallation(ownerAndRepo(scope.repository));
    installations.set(scope.repository, data.id);
    return data.id;
  };

  const mint = async (scope: CodeHostScope, purpose: Purpose): Promise<Minted> => {
    const owner = scope.run ?? hooksOwner;
    const { data } = await app().apps.createInstallationAccessToken({
      installation_id: await installationOf(scope),
      repositories: [ownerAndRepo(scope.repository).repo],
      permissions: permissions[purpose],
    });
    const minted = { id: randomUUID(), token: data.token, expiresAt: Date.parse(data.expires_at) };
    await credentials.remember({
      id: minted.id,
      owner,
      purpose,
      sealed: options.seal(data.token),
      expiresAt: data.expires_at,
    });
    return minted;
  };

  const revoke = async (owner: string, id: string, token: string): Promise<void> => {
    try {
      await client(token).apps.revokeInstallationAccessToken();
    } catch (error) {
      // One that is dead already is what was asked for.
      if (statusOf(error) !== 401 && statusOf(error) !== 404) throw hostError(error, 'revoke a token');
    }
    await credentials.forget(owner, id);
  };

  const keyOf = (scope: CodeHostScope, purpose: Purpose): string =>
    `${scope.run ?? hooksOwner} ${scope.repository} ${purpose}`;

  const tokenFor = async (scope: CodeHostScope, purpose: Purpose, anew = false): Promise<Minted> => {
    const key = keyOf(scope, purpose);
    const known = anew ? undefined : await cached.get(key)?.catch(() => undefined);
    if (known && known.expiresAt - now() > marginMs) return known;
    const made = mint(scope, purpose);
    cached.set(key, made);
    made.catch(() => cached.delete(key));
    return made;
  };

  const call = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Error && !('status' in error) && !(error instanceof DrydockError) && !isNetwork(error))
        throw error;
      throw hostError(error, what);
    }
  };

  return {
    mode: 'token' in config.auth ? 'token' : 'app',
    gitUrl: config.gitUrl,

    async use(scope, purpose, work) {
      const what = `${purpose} ${scope.repository}`;
      if ('token' in config.auth) {
        const { token } = config.auth;
        return call(what, () => work(client(token)));
      }
      return call(what, async () => {
        if (purpose === 'write') {
          const { id, token } = await mint(scope, purpose);
          try {
            return await work(client(token));
          } finally {
            // A token that cannot be revoked now is on the list of what the run left.
            await revoke(scope.run ?? hooksOwner, id, token).catch(() => undefined);
          }
        }
        const { token } = await tokenFor(scope, purpose);
        try {
          return await work(client(token));
        } catch (error) {
          if (statusOf(error) !== 401) throw error;
          const { token: fresh } = await tokenFor(scope, purpose, true);
          return work(client(fresh));
        }
      });
    },

    async readToken(scope) {
      if ('token' in config.auth) return config.auth.token;
      return call(`read ${scope.repository}`, async () => (await tokenFor(scope, 'read')).token);
    },

    app: (work) => call('ask as the app', () => work(app())),

    async release(owner) {
      if ('token' in config.auth) return;
      for (const credential of await credentials.of(owner)) {
        if (Date.parse(credential.expiresAt) <= now()) await credentials.forget(owner, credential.id);
        else await revoke(owner, credential.id, options.open(credential.sealed));
      }
      for (const key of cached.keys()) if (key.startsWith(`${owner} `)) cached.delete(key);
    },
  };
}

const isNetwork = (error: Error): boolean =>
  error instanceof TypeError || error.name === 'TimeoutError' || error.name === 'AbortError';
