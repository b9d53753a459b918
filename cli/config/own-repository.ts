import { basename, dirname } from 'node:path';
import type { Policy } from '../../core/policy/schema.ts';
import { askGit } from './git.ts';
import { gitRoot } from './repositories.ts';

/** The checked-out branch; `main` if the head is detached. */
export const branchOf = (root: string): string => askGit(root, 'symbolic-ref', '--short', 'HEAD')?.trim() || 'main';

/** OWNER/NAME of the remote `origin`; undefined if there is no such remote. */
function originOf(root: string): string | undefined {
  const remote = askGit(root, 'remote', 'get-url', 'origin')?.trim() ?? '';
  const found = /[/:]([A-Za-z0-9._-]+)\/([A-Za-z0-9._-]+?)(?:\.git)?\/?$/.exec(remote);
  return found && /^(?:https?:|ssh:|git@)/.test(remote) ? `${found[1]}/${found[2]}` : undefined;
}

const plain = (name: string): string =>
  name.replace(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'repository';

/**
 * The name of a work tree's repository in a policy: its listed name, otherwise the first free one of several
 * candidates.
 * @param preferred First candidate: the name in an existing spec of the repository.
 */
export function repositoryName(root: string, policy?: Policy, preferred?: string): string {
  const listed = policy?.repositories ?? {};
  const origin = originOf(root);
  const isThis = (name: string): boolean => {
    const known = Object.hasOwn(listed, name) ? listed[name] : undefined;
    if (known === undefined) return false;
    // Two clones with the same origin count as the same repository.
    if (known.host === 'github') return name === origin;
    const other = gitRoot(known.url);
    return other === root || (origin !== undefined && other !== undefined && originOf(other) === origin);
  };
  const present = Object.keys(listed).find(isThis);
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
