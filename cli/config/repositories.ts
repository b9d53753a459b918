import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { DrydockError } from '../../core/errors.ts';
import { askGit } from './git.ts';

/**
 * The repositories of all `--repo NAME=PATH` flags, name to path. @throws UsageError, UnknownRepository.
 */
export function repositoriesOf(flags: string[], cwd: string): Map<string, string> {
  const map = new Map<string, string>();
  for (const flag of flags) {
    const at = flag.indexOf('=');
    if (at <= 0 || at === flag.length - 1)
      throw new DrydockError('UsageError', `--repo takes NAME=PATH, not ${JSON.stringify(flag)}.`);
    const path = resolve(cwd, flag.slice(at + 1));
    const root = gitRoot(path);
    if (root === undefined) {
      throw new DrydockError('UnknownRepository', `${path} is not a git repository.`, {
        remedy: 'Pass the path of a repository: --repo NAME=PATH.',
      });
    }
    map.set(flag.slice(0, at), root);
  }
  return map;
}

/** The current work tree, under the repository name of a spec; undefined outside any repository. */
export function standingIn(name: string | undefined, cwd: string): { name: string; root: string } | undefined {
  const root = name === undefined ? undefined : gitRoot(cwd);
  return name === undefined || root === undefined ? undefined : { name, root };
}

/** Root of the work tree (or bare repository) that contains a path; undefined outside any repository. */
export function gitRoot(path: string): string | undefined {
  const ask = (what: string): string | undefined => askGit(path, 'rev-parse', '--path-format=absolute', what)?.trim();
  if (ask('--is-bare-repository') === 'true') return realpathSync(ask('--git-dir') ?? path);
  const top = ask('--show-toplevel');
  return top === undefined || top === '' ? undefined : realpathSync(top);
}

/** Paths that git tracks in a work tree, for advice and clarity; empty if git fails. */
export const filesOf = (root: string): string[] =>
  (askGit(root, 'ls-files', '-z') ?? '').split('\0').filter((path) => path !== '');
