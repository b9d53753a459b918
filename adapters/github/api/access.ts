import type { Octokit } from '@octokit/rest';
import type { CodeHostScope } from '../../../core/ports/host/code-host.ts';

/**
 * The purpose of a call. It decides the permissions of the token for that call; the App has the union of them.
 * `read`: contents, pull requests, checks, statuses and actions, all read. `write`: contents and pull requests, write;
 * used only while something is published. `report`: checks, statuses, issues and pull requests, write; no contents.
 */
export type Purpose = 'read' | 'write' | 'report';

/** Access to the API of one GitHub instance, with the least permissions that each purpose needs. */
export interface GitHubAccess {
  /** `token`: one personal token for all purposes; it cannot create check runs, and no token is minted or revoked. */
  readonly mode: 'app' | 'token';
  /**
   * Calls the API with a client that has the permissions of the purpose in the scope's repository.
   * A `write` token is minted for this call and revoked after it, also when the call fails; inside `writing`, one token
   * serves all calls. If a token expires or is revoked during use, a new one is minted and `call` runs once more from
   * the start, so `call` must be idempotent.
   * @throws HostUnavailable, HostRateLimited, HostForbidden, HostRefused.
   */
  use<T>(scope: CodeHostScope, purpose: Purpose, call: (octokit: Octokit) => Promise<T>): Promise<T>;
  /** Runs `work` with one `write` token for all its `use` calls: the first call mints it, the end revokes it. */
  writing<T>(scope: CodeHostScope, work: () => Promise<T>): Promise<T>;
  /** The read token, for `git fetch`. @param refused A token that GitHub rejected: a new one is minted. */
  readToken(scope: CodeHostScope, refused?: string): Promise<string>;
  /** Calls the API as the App itself, outside any installation. @throws HostForbidden with a personal token. */
  app<T>(call: (octokit: Octokit) => Promise<T>): Promise<T>;
  /** Base of clone URLs, without a trailing slash. */
  readonly gitUrl: string;
  /** Revokes the tokens that this or an earlier process minted for an owner (run id). Idempotent. */
  release(owner: string): Promise<void>;
}

/** `owner` and `repo` as Octokit takes them. */
export function ownerAndRepo(repository: string): { owner: string; repo: string } {
  const [owner = '', repo = ''] = repository.split('/');
  return { owner, repo };
}
