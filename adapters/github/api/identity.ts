import { createKeyedMutex, type KeyedMutex } from '../../../core/concurrency/keyed-mutex.ts';
import type { CodeHostScope } from '../../../core/ports/host/code-host.ts';
import type { GitHubAccess } from './access.ts';

/** Our account on GitHub. Other accounts can copy our texts, so only the account identifies our own comments. */
export interface OwnAccount {
  login: string;
  /** The slug of the App; absent with a personal token. */
  slug?: string;
}

const known = new WeakMap<GitHubAccess, Promise<OwnAccount>>();

/** Cached for each access object. @throws HostUnavailable, HostForbidden… as the access does. */
export function ownAccount(access: GitHubAccess, scope: CodeHostScope): Promise<OwnAccount> {
  const before = known.get(access);
  if (before) return before;
  const asked = ask(access, scope);
  known.set(access, asked);
  asked.catch(() => known.delete(access));
  return asked;
}

async function ask(access: GitHubAccess, scope: CodeHostScope): Promise<OwnAccount> {
  if (access.mode === 'app') {
    const slug = await access.app(async (octokit) => (await octokit.apps.getAuthenticated()).data?.slug ?? '');
    return { login: `${slug}[bot]`, slug };
  }
  return {
    login: await access.use(scope, 'report', async (octokit) => (await octokit.users.getAuthenticated()).data.login),
  };
}

const mutexes = new WeakMap<GitHubAccess, KeyedMutex>();

/**
 * Runs the work of one key sequentially: two concurrent "find or create" calls would create the object twice. The lock
 * covers this process only. That suffices: a machine has one server process, and AWS handles one message per repository
 * at a time.
 */
export function inTurn<T>(access: GitHubAccess, key: string, work: () => Promise<T>): Promise<T> {
  const mutex = mutexes.get(access) ?? createKeyedMutex();
  mutexes.set(access, mutex);
  return mutex(key, work);
}
