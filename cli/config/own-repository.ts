import { execFileSync } from 'node:child_process';
import { basename, dirname } from 'node:path';
import type { Policy } from '../../core/policy/schema.ts';
import { gitRoot } from './repositories.ts';

/** What git says in a work tree; empty where it says nothing. */
export function askGit(root: string, ...args: string[]): string {
  try {
    return execFileSync('git', ['-c', 'safe.directory=*', ...args], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}

/** The branch that is checked out; `main` where there is none. */
export const branchOf = (root: string): string => askGit(root, 'symbolic-ref', '--short', 'HEAD') || 'main';

/** OWNER/NAME of the remote; undefined where it has none. */
function originOf(root: string): string | undefined {
  const remote = askGit(root, 'remote', 'get-url', 'origin');
  const found = /[/:]([A-Za-z0-9._-]+)\/([A-Za-z0-9._-]+?)(?:\.git)?\/?$/.exec(remote);
  return found && /^(?:https?:|ssh:|git@)/.test(remote) ? `${found[1]}/${found[2]}` : undefined;
}

const plain = (name: string): string =>
  name.replace(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'repository';

/**
 * What a policy calls the repository of a work tree, or may call it: the name it has there, else the first that no other
 * repository has.
 * @param preferred Tried first: what a spec of the repository says already.
 */
export function repositoryName(root: string, policy?: Policy, preferred?: string): string {
  const listed = policy?.repositories ?? {};
  const origin = originOf(root);
  const is = (name: string): boolean => {
    const known = Object.hasOwn(listed, name) ? listed[name] : undefined;
    if (known === undefined) return false;
    // Another clone of the same repository is the same repository.
    if (known.host === 'github') return name === origin;
    const other = gitRoot(known.url);
    return other === root || (origin !== undefined && other !== undefined && originOf(other) === origin);
  };
  const present = Object.keys(listed).find(is);
  if (present !== undefined) return present;
  const local = plain(basename(root));
  const parent = `local/${plain(basename(dirname(root)))}-${local}`;
  const names = [preferred, origin, `local/${local}`, parent].filter((name) => name !== undefined);
  const free = (name: string): boolean => !Object.hasOwn(listed, name);
  for (let i = 2; ; i++) {
    const found = names.find(free);
    if (found !== undefined) return found;
    names.push(`${parent}-${i}`);
  }
}
