import { createHash } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DrydockError } from '../../core/errors.ts';
import type { CodeHostScope } from '../../core/ports.ts';
import { makeBase } from '../git/export-base.ts';
import { git } from '../git/git.ts';
import type { GitHubAccess } from './access.ts';

/**
 * A bare repository per repository of the host, in the data folder, into which commits are fetched as they are needed.
 * The token goes to git in its environment: it is on no command line and in no file.
 */
export function createMirror(access: GitHubAccess, scope: CodeHostScope, dataDir: string) {
  const folder = join(dataDir, 'mirrors');
  const keyOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 16);

  const made = async (name: string): Promise<string> => {
    const cwd = join(folder, `${keyOf(name)}.git`);
    if (await stat(join(cwd, 'HEAD')).catch(() => undefined)) return cwd;
    await mkdir(cwd, { recursive: true });
    await git(['init', '--quiet', '--bare', '--initial-branch=main', cwd], { cwd: folder });
    return cwd;
  };

  let last: Promise<unknown> = Promise.resolve();
  /** One fetch after the other: git locks what it notes about shallow histories. */
  const fetch = (repository: string, cwd: string, refs: string[], depth: number | undefined): Promise<void> => {
    const mine = last.then(async () => {
      const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head'];
      const most = depth === undefined ? [] : [`--depth=${depth}`];
      try {
        await git([...args, ...most, urlOf(repository), ...refs], { cwd, env: await credentials() });
      } catch (error) {
        if (!(error instanceof DrydockError) || error.name !== 'Internal') throw error;
        const why = error.message.slice(0, 500);
        throw new DrydockError('HostUnavailable', `git could not fetch from ${repository}: ${why}`);
      }
    });
    last = mine.catch(() => undefined);
    return mine;
  };

  const urlOf = (repository: string): string => `${access.gitUrl}/${repository}.git`;
  /** In git's environment: on no command line and in no file. */
  const credentials = async (): Promise<Record<string, string>> => {
    const basic = Buffer.from(`x-access-token:${await access.readToken(scope)}`).toString('base64');
    return {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `http.${access.gitUrl}/.extraHeader`,
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
    };
  };
  const has = async (cwd: string, commit: string): Promise<boolean> =>
    (await git(['cat-file', '-e', `${commit}^{tree}`], { cwd, allow: [1, 128] })).code === 0;

  return {
    /** A bare repository with only this commit and `depth` commits of history, branch `base`. */
    async exportBase(repository: string, commit: string, depth: number): Promise<string> {
      return makeBase(join(dataDir, 'bases'), `${keyOf(repository)}-${commit.slice(0, 20)}-${depth}`, (aside) =>
        fetch(repository, aside, [`${commit}:refs/heads/base`], depth),
      );
    },
    /** A repository that holds these commits. */
    async with(repository: string, commits: string[]): Promise<string> {
      const cwd = await made(repository);
      const missing: string[] = [];
      for (const commit of commits) if (!(await has(cwd, commit))) missing.push(`${commit}:refs/drydock/${commit}`);
      if (missing.length > 0) await fetch(repository, cwd, missing, 1);
      return cwd;
    },
    /** A repository whose HEAD is the host's, with all of its history. */
    async head(repository: string): Promise<string> {
      const cwd = await made(`${repository} history`);
      await fetch(repository, cwd, ['+HEAD:refs/heads/main'], undefined);
      return cwd;
    },
  };
}
