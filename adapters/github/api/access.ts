import type { Octokit } from '@octokit/rest';
import type { CodeHostScope } from '../../../core/ports/host/code-host.ts';

/**
 * What a call is for, which decides the permissions of the token it is made with (the App's are the union):
 * `read`: contents, pull requests, checks, statuses, actions, all read. `write`: contents and pull requests, write; only
 * while something is published. `report`: checks, statuses, issues and pull requests, write; contents, none.
 */
export type Purpose = 'read' | 'write' | 'report';

/** The API of one GitHub, with credentials as small as the purpose. */
export interface GitHubAccess {
  /** `token`: one personal token for all; no check runs, nothing minted, nothing revoked. */
  readonly mode: 'app' | 'token';
  /**
   * Calls the API with a client that may do what the purpose needs in the one repository of the scope.
   * A `write` token is minted for this call and revoked after it, also when it fails; inside of `writing`, one token
   * serves all calls. A token that dies in mid-use is minted anew, and `call` is made once more from its beginning: it
   * finds what it did before.
   * @throws HostUnavailable, HostRateLimited, HostForbidden, HostRefused.
   */
  use<T>(scope: CodeHostScope, purpose: Purpose, call: (octokit: Octokit) => Promise<T>): Promise<T>;
  /** Runs `work` with one `write` token for all its calls of `use`: minted by the first, revoked at the end. */
  writing<T>(scope: CodeHostScope, work: () => Promise<T>): Promise<T>;
  /** The read token, for git's fetch. @param refused One that was turned away: it is minted anew. */
  readToken(scope: CodeHostScope, refused?: string): Promise<string>;
  /** Calls the API as the App itself, outside of any installation. @throws HostForbidden with a personal token. */
  app<T>(call: (octokit: Octokit) => Promise<T>): Promise<T>;
  /** Base of clone URLs, without a slash at the end. */
  readonly gitUrl: string;
  /** Revokes what was minted for an owner (run id), in this process or an earlier one. Doing it again does nothing. */
  release(owner: string): Promise<void>;
}

/** `owner` and `repo` as Octokit takes them. */
export function ownerAndRepo(repository: string): { owner: string; repo: string } {
  const [owner = '', repo = ''] = repository.split('/');
  return { owner, repo };
}
