import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createKeyedMutex } from '../../../core/concurrency/keyed-mutex.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { CodeHostScope } from '../../../core/ports/host/code-host.ts';
import { makeBase } from '../../git/export-base.ts';
import { git } from '../../git/git.ts';
import type { GitHubAccess } from '../api/access.ts';

/**
 * What needs git's history, and therefore a machine with git on it: bases and blame, from bare repositories in the data
 * folder into which commits are fetched as they are needed. The token goes to git in its environment: it is on no command
 * line and in no file.
 */
export function createMirror(access: GitHubAccess, scope: CodeHostScope, dataDir: string) {
  const keyOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 16);

  const fetch = (repository: string, cwd: string, refs: string[], depth: number | undefined): Promise<void> =>
    inTurn(cwd, async () => {
      const most = depth === undefined ? [] : [`--depth=${depth}`];
      const place = ['--', `${access.gitUrl}/${repository}.git`, ...refs];
      const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', ...most, ...place];
      const go = async (token: string): Promise<void> => {
        await git(args, { cwd, env: inEnvironment(token) });
      };
      const token = await access.readToken(scope);
      try {
        await go(token).catch(async (error: unknown) => {
          if (!isDenied(error)) throw error;
          // It was revoked in between, or is older than its hour.
          await go(await access.readToken(scope, token));
        });
      } catch (error) {
        throw fetchError(repository, error);
      }
    });

  const inEnvironment = (token: string): Record<string, string> => ({
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${access.gitUrl}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`,
  });

  return {
    /** A bare repository with only this commit and `depth` commits of history, branch `base`. */
    exportBase(repository: string, commit: string, depth: number): Promise<string> {
      return makeBase(join(dataDir, 'bases'), `${keyOf(repository)}-${commit.slice(0, 20)}-${depth}`, (aside) =>
        fetch(repository, aside, [`${commit}:refs/heads/base`], depth),
      );
    },
    /** A repository whose HEAD is the host's, with all of its history. */
    async head(repository: string): Promise<string> {
      const cwd = await makeBase(join(dataDir, 'mirrors'), keyOf(`${repository} history`), async () => undefined);
      await fetch(repository, cwd, ['+HEAD:refs/heads/base'], undefined);
      return cwd;
    },
  };
}

/** Fetches into one repository go one after the other, whichever host asks: git locks the branch it moves. */
const inTurn = createKeyedMutex();

/** Git asks for a name where a token is refused, and there is nobody to ask. */
const isDenied = (error: unknown): boolean =>
  error instanceof DrydockError && /could not read Username|Authentication failed/.test(error.message);

/** Git's failure by type. Its words name the host and the commit, and never the header. */
function fetchError(repository: string, error: unknown): unknown {
  if (!(error instanceof DrydockError) || error.name !== 'Internal') return error;
  const words = `git could not fetch from ${repository}: ${error.message.slice(0, 500)}`;
  const denied = isDenied(error) || /not found|returned error: 40[134]/.test(error.message);
  if (denied) return new DrydockError('HostForbidden', words);
  if (/not our ref|couldn't find remote ref|unadvertised object/.test(error.message))
    return new DrydockError('HostRefused', words);
  return new DrydockError('HostUnavailable', words);
}
