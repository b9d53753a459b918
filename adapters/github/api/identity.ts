import { createKeyedMutex, type KeyedMutex } from '../../../core/concurrency/keyed-mutex.ts';
import type { CodeHostScope } from '../../../core/ports/host/code-host.ts';
import type { GitHubAccess } from './access.ts';

/** Who we are on GitHub: what somebody else writes in our words is not ours. */
export interface Ourselves {
  login: string;
  /** Of the App; absent with a personal token. */
  slug?: string;
}

const known = new WeakMap<GitHubAccess, Promise<Ourselves>>();

/** Asked once for each access. @throws HostUnavailable, HostForbidden… as the access does. */
export function ourselves(access: GitHubAccess, scope: CodeHostScope): Promise<Ourselves> {
  const before = known.get(access);
  if (before) return before;
  const asked = ask(access, scope);
  known.set(access, asked);
  asked.catch(() => known.delete(access));
  return asked;
}

async function ask(access: GitHubAccess, scope: CodeHostScope): Promise<Ourselves> {
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
 * One after the other for each key: what is looked up and then created would be created twice by two at once. Another
 * process is not held back; on one machine there is one owner, and on AWS one message of a repository at a time.
 */
export function inTurn<T>(access: GitHubAccess, key: string, work: () => Promise<T>): Promise<T> {
  const mutex = mutexes.get(access) ?? createKeyedMutex();
  mutexes.set(access, mutex);
  return mutex(key, work);
}
