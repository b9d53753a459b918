import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createKeyedMutex } from '../../../core/concurrency/keyed-mutex.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { CodeHostScope, SubmoduleBase } from '../../../core/ports/host/code-host.ts';
import { makeBase, withSubmodules } from '../../git/export-base.ts';
import { git } from '../../git/git.ts';
import type { GitHubAccess } from '../api/access.ts';

/**
 * Operations that need git's history, and therefore a machine with git: bases and blame. They use bare repositories in
 * the data folder, into which commits are fetched on demand. Git gets the token in its environment, so the token is on
 * no command line and in no file.
 */
export function createMirror(access: GitHubAccess, scope: CodeHostScope, dataDir: string) {
  const keyOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 16);

  const fetch = (repository: string, cwd: string, refs: string[], depth: number | undefined): Promise<void> =>
    inTurn(cwd, async () => {
      const depthOption = depth === undefined ? [] : [`--depth=${depth}`];
      const source = ['--', `${access.gitUrl}/${repository}.git`, ...refs];
      // Git fetches the tags of the commits by itself; a whole history is only asked for its lines.
      const tags = depth === undefined ? ['--no-tags'] : [];
      const args = ['fetch', '--quiet', ...tags, '--no-write-fetch-head', ...depthOption, ...source];
      const go = async (token: string): Promise<void> => {
        await git(args, { cwd, env: inEnvironment(token), protocols: ['http', 'https'] });
      };
      const token = await access.readToken(scope);
      try {
        await go(token).catch(async (error: unknown) => {
          if (!isDenied(error)) throw error;
          // The token was revoked in the meantime, or has expired.
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
    /** A bare repository with branch `base` at this commit, `depth` commits of history and their tags. */
    async exportBase(
      repository: string,
      commit: string,
      depth: number,
      submodules: readonly SubmoduleBase[] = [],
    ): Promise<string> {
      const folder = join(dataDir, 'bases');
      const made = await makeBase(folder, `${keyOf(repository)}-${commit.slice(0, 20)}-${depth}-tags`, (aside) =>
        fetch(repository, aside, [`${commit}:refs/heads/base`], depth),
      );
      return withSubmodules(folder, made, submodules);
    },
    /** A repository with the host's HEAD and its whole history. */
    async head(repository: string): Promise<string> {
      const cwd = await makeBase(join(dataDir, 'mirrors'), keyOf(`${repository} history`), async () => undefined);
      await fetch(repository, cwd, ['+HEAD:refs/heads/base'], undefined);
      return cwd;
    },
  };
}

/** Fetches into one repository run sequentially in this process: git locks the branch that it moves. */
const inTurn = createKeyedMutex();

/** Git asks for a user name when the host refuses the token, and fails because there is no terminal. */
const isDenied = (error: unknown): boolean =>
  error instanceof DrydockError && /could not read Username|Authentication failed/.test(error.message);

/** Git's failure as a typed error. Its message names the host and the commit, never the header with the token. */
function fetchError(repository: string, error: unknown): unknown {
  if (!(error instanceof DrydockError) || error.name !== 'Internal') return error;
  const message = `git could not fetch from ${repository}: ${error.message.slice(0, 500)}`;
  const denied = isDenied(error) || /not found|returned error: 40[134]/.test(error.message);
  if (denied) return new DrydockError('HostForbidden', message);
  if (/not our ref|couldn't find remote ref|unadvertised object/.test(error.message))
    return new DrydockError('HostRefused', message);
  return new DrydockError('HostUnavailable', message);
}
