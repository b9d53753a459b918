import { randomUUID } from 'node:crypto';
import type { Octokit } from '@octokit/rest';
import { DrydockError } from '../../../core/errors.ts';
import type { CodeHostScope } from '../../../core/ports/host/code-host.ts';
import type { Credentials } from '../../../core/ports/host/credentials.ts';
import { type GitHubAccess, ownerAndRepo, type Purpose } from './access.ts';
import { type Budget, createBudget } from './budget.ts';
import { createClient } from './client.ts';
import { type Conditional, createConditional } from './conditional.ts';
import { hostError, isHostError, statusOf } from './errors.ts';
import { createPatience } from './patience.ts';

export interface GitHubAccessConfig {
  /** Without a trailing slash. */
  apiUrl: string;
  /** Base of clone URLs, without a trailing slash. */
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
/** A token is replaced when it expires in less than this. */
const marginMs = 300_000;
const hooksOwner = 'hooks';

interface Minted {
  id: string;
  token: string;
  expiresAt: number;
}

export interface AccessOptions {
  credentials: Credentials;
  seal(token: string): string | Promise<string>;
  open(sealed: string): string | Promise<string>;
  /** Epoch milliseconds. */
  now(): number;
  sleep?(ms: number): Promise<unknown>;
  /** Aborts when the process is asked to stop. */
  stopping?: AbortSignal;
}

/** Access to one GitHub as an App, or with one personal token. */
export function createGitHubAccess(config: GitHubAccessConfig, options: AccessOptions): GitHubAccess {
  const { credentials, now } = options;
  const { auth } = config;
  const patience = createPatience(options.stopping, options.sleep);
  /** An App has one installation for each owner, and each installation a budget of its own. */
  const budgets = new Map<string, Budget>();
  const answers = new Map<string, Conditional>();
  const client = (token: string, scope?: CodeHostScope, purpose?: Purpose): Octokit => {
    if (!scope) return createClient(config.apiUrl, { token }, patience);
    const { owner } = ownerAndRepo(scope.repository);
    return createClient(config.apiUrl, { token }, patience, undefined, {
      budget: kept(budgets, 'token' in auth ? '' : owner.toLowerCase(), () => createBudget(now)),
      conditional: kept(answers, `${purpose}`, createConditional),
    });
  };
  const app = (): Octokit => {
    if (!('token' in auth)) return createClient(config.apiUrl, { app: auth }, patience);
    throw new DrydockError('HostForbidden', 'A personal token cannot act as the GitHub App.', {
      remedy: 'Run `drydock github setup`.',
    });
  };

  const installations = new Map<string, number>();
  const installationOf = async (scope: CodeHostScope): Promise<number> => {
    const known = scope.installation ?? installations.get(scope.repository);
    if (known !== undefined) return known;
    const { data } = await app().apps.getRepoInstallation(ownerAndRepo(scope.repository));
    installations.set(scope.repository, data.id);
    return data.id;
  };

  /** Stores the token before any caller gets it, so that `release` can revoke it after a crash. */
  const mint = async (scope: CodeHostScope, purpose: Purpose): Promise<Minted> => {
    const made = await createToken(scope, purpose);
    const id = randomUUID();
    const { token, expires_at: expiresAt } = made;
    try {
      await credentials.remember({ id, owner: ownerOf(scope), purpose, sealed: await options.seal(token), expiresAt });
    } catch (error) {
      await client(token)
        .apps.revokeInstallationAccessToken()
        .catch(() => undefined);
      throw error;
    }
    return { id, token, expiresAt: Date.parse(expiresAt) };
  };

  const createToken = async (
    scope: CodeHostScope,
    purpose: Purpose,
  ): Promise<{ token: string; expires_at: string }> => {
    try {
      const { data } = await app().apps.createInstallationAccessToken({
        installation_id: await installationOf(scope),
        repositories: [ownerAndRepo(scope.repository).repo],
        permissions: permissions[purpose],
      });
      return data;
    } catch (error) {
      const status = statusOf(error);
      if (status !== 404 && status !== 422) throw error;
      // 404: no installation. 422: it does not cover the repository, or does not grant the permissions.
      installations.delete(scope.repository);
      const wanted = Object.entries(permissions[purpose]).map(([name, level]) => `${name}: ${level}`);
      const { message } = hostError(error, `GitHub issues no ${purpose} token for ${scope.repository}`);
      throw new DrydockError('HostForbidden', message, {
        details: { status: status === 404 ? 404 : 403 },
        remedy: `Install the app on ${scope.repository} and accept the permissions it requests: ${wanted.join(', ')}.`,
      });
    }
  };

  const revoke = async (owner: string, id: string, token: string): Promise<void> => {
    try {
      await client(token).apps.revokeInstallationAccessToken();
    } catch (error) {
      // The token is invalid already, which is the wanted result.
      if (statusOf(error) !== 401 && statusOf(error) !== 404) throw hostError(error, 'revoke a token');
    }
    await credentials.forget(owner, id);
  };

  /**
   * The stored token of this run and purpose that expires last. Reuse across processes leaves fewer tokens to revoke.
   */
  const stored = async ({ run }: CodeHostScope, purpose: Purpose): Promise<Minted | undefined> => {
    if (run === undefined) return undefined;
    const usable = (await credentials.of(run))
      .map((known) => ({ ...known, until: Date.parse(known.expiresAt) }))
      .filter((known) => known.purpose === purpose && known.until - now() > marginMs)
      .sort((a, b) => b.until - a.until)[0];
    return usable && { id: usable.id, token: await options.open(usable.sealed), expiresAt: usable.until };
  };

  const cached = new Map<string, Promise<Minted>>();
  /** The token for a purpose. Concurrent callers get the same one. @param refused A token that GitHub rejected. */
  const tokenFor = async (scope: CodeHostScope, purpose: Purpose, refused?: string): Promise<string> => {
    const key = `${ownerOf(scope)} ${scope.repository} ${purpose}`;
    const known = cached.get(key);
    if (known) {
      const { token, expiresAt } = await known;
      if (token !== refused && expiresAt - now() > marginMs) return token;
      if (cached.get(key) !== known) return tokenFor(scope, purpose, refused);
    }
    const other = refused === undefined ? stored(scope, purpose) : Promise.resolve(undefined);
    const made = other.then((found) => found ?? mint(scope, purpose));
    cached.set(key, made);
    made.catch(() => cached.delete(key));
    return (await made).token;
  };

  /** The `write` token of each repository that is being published to, once it is minted. */
  const writing = new Map<string, { minted?: Promise<Minted> }>();
  const writeToken = async (scope: CodeHostScope, refused: string | undefined): Promise<string | undefined> => {
    const open = writing.get(writingKey(scope));
    if (!open) return undefined;
    // Assigned before anything is awaited, so that parallel uses share one token, which the end of `writing` revokes.
    const replace = (): Promise<Minted> => {
      const minted = mint(scope, 'write');
      open.minted = minted;
      minted.catch(() => {
        if (open.minted === minted) delete open.minted;
      });
      return minted;
    };
    const current = open.minted ?? replace();
    const known = await current;
    if (known.token !== refused) return known.token;
    if (open.minted !== current) return (await (open.minted ?? replace())).token;
    const replacement = replace();
    await revoke(ownerOf(scope), known.id, known.token).catch(() => undefined);
    return (await replacement).token;
  };

  /** Mints a `write` token for this one use, unless `writing` holds one. */
  const lend = async <T>(
    scope: CodeHostScope,
    purpose: Purpose,
    refused: string | undefined,
    work: (token: string) => Promise<T>,
  ): Promise<T> => {
    if (purpose !== 'write') return work(await tokenFor(scope, purpose, refused));
    const shared = await writeToken(scope, refused);
    if (shared !== undefined) return work(shared);
    const { id, token } = await mint(scope, purpose);
    try {
      return await work(token);
    } finally {
      // A token that cannot be revoked now stays in the run's list of credentials; `release` tries again.
      await revoke(ownerOf(scope), id, token).catch(() => undefined);
    }
  };

  return {
    mode: 'token' in auth ? 'token' : 'app',
    gitUrl: config.gitUrl,

    use(scope, purpose, work) {
      const what = `${purpose} ${scope.repository}`;
      if ('token' in auth) return named(what, () => work(client(auth.token, scope, purpose)));
      let used: string | undefined;
      const go = (refused?: string) =>
        lend(scope, purpose, refused, (token) => {
          used = token;
          return work(client(token, scope, purpose));
        });
      return named(what, () =>
        go().catch((error: unknown) => {
          // The token was revoked, or has expired, during use.
          if (statusOf(error) !== 401 || used === undefined) throw error;
          return go(used);
        }),
      );
    },

    async writing(scope, work) {
      const key = writingKey(scope);
      if ('token' in auth || writing.has(key)) return work();
      const open: { minted?: Promise<Minted> } = {};
      writing.set(key, open);
      try {
        return await work();
      } finally {
        writing.delete(key);
        const minted = await open.minted?.catch(() => undefined);
        // A token that cannot be revoked now stays in the run's list of credentials; `release` tries again.
        if (minted) await revoke(ownerOf(scope), minted.id, minted.token).catch(() => undefined);
      }
    },

    async readToken(scope, refused) {
      if ('token' in auth) return auth.token;
      return named(`read ${scope.repository}`, () => tokenFor(scope, 'read', refused));
    },

    app: (work) => named('call the API as the app', async () => work(app())),

    async release(owner) {
      if ('token' in auth) return;
      for (const key of cached.keys()) if (key.startsWith(`${owner} `)) cached.delete(key);
      const failures: unknown[] = [];
      for (const { id, sealed, expiresAt } of await credentials.of(owner)) {
        try {
          if (Date.parse(expiresAt) <= now()) await credentials.forget(owner, id);
          else await revoke(owner, id, await options.open(sealed));
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}

function kept<T>(all: Map<string, T>, key: string, make: () => T): T {
  const known = all.get(key) ?? make();
  all.set(key, known);
  return known;
}

const ownerOf = (scope: CodeHostScope): string => scope.run ?? hooksOwner;
const writingKey = (scope: CodeHostScope): string => `${ownerOf(scope)} ${scope.repository}`;

async function named<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isHostError(error) ? hostError(error, what) : error;
  }
}
