import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { DrydockError } from '../../core/errors.ts';

/**
 * The repositories of a command: each `--repo NAME=PATH`, and the work tree one stands in for the repository that the
 * spec names. @throws UsageError, UnknownRepository.
 */
export function repositoriesOf(flags: string[], specRepository: string | undefined, cwd: string): Map<string, string> {
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
  if (specRepository !== undefined && !map.has(specRepository)) {
    const root = gitRoot(cwd);
    if (root !== undefined) map.set(specRepository, root);
  }
  return map;
}

/** Root of the work tree (or the bare repository) a path is in; undefined outside of any. */
export function gitRoot(path: string): string | undefined {
  const ask = (...args: string[]): string | undefined => {
    try {
      return execFileSync('git', ['-c', 'safe.directory=*', 'rev-parse', '--path-format=absolute', ...args], {
        cwd: path,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    } catch {
      return undefined;
    }
  };
  if (ask('--is-bare-repository') === 'true') return realpathSync(ask('--git-dir') ?? path);
  const top = ask('--show-toplevel');
  return top === undefined || top === '' ? undefined : realpathSync(top);
}

/** Paths that git tracks in a work tree, for advice and clarity; none where git cannot say. */
export function filesOf(root: string): string[] {
  try {
    const list = execFileSync('git', ['-c', 'safe.directory=*', 'ls-files', '-z'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 64 * 1024 * 1024,
    });
    return list.split('\0').filter((path) => path !== '');
  } catch {
    return [];
  }
}
