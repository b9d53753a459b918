import { basename, dirname } from 'node:path';
import type { Policy } from '../../core/policy/schema.ts';
import { askGit } from './git.ts';
import { gitRoot } from './repositories.ts';

/** The checked-out branch; `main` if the head is detached. */
export const branchOf = (root: string): string => askGit(root, 'symbolic-ref', '--short', 'HEAD')?.trim() || 'main';

/** OWNER/NAME of the remote `origin`; undefined if there is no such remote. */
export function originOf(root: string): string | undefined {
  const remote = askGit(root, 'remote', 'get-url', 'origin')?.trim() ?? '';
  const found = /[/:]([A-Za-z0-9._-]+)\/([A-Za-z0-9._-]+?)(?:\.git)?\/?$/.exec(remote);
  return found && /^(?:https?:|ssh:|git@)/.test(remote) ? `${found[1]}/${found[2]}` : undefined;
}

const plain = (name: string): string =>
  name.replace(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'repository';

/** The names under which a policy lists a work tree. Two clones with the same origin count as the same repository. */
function namesOf(root: string, policy: Policy): string[] {
  const origin = originOf(root);
  const isThis = ([name, known]: [string, Policy['repositories'][string]]): boolean => {
    if (known.host === 'github') return name === origin;
    const other = gitRoot(known.url);
    return other === root || (origin !== undefined && other !== undefined && originOf(other) === origin);
  };
  return Object.entries(policy.repositories)
    .filter(isThis)
    .map(([name]) => name);
}

/**
 * The name of a work tree's repository in a policy: its listed name, otherwise the first free one of several
 * candidates.
 * @param preferred First candidate: the name in an existing spec of the repository.
 */
export function repositoryName(root: string, policy?: Policy, preferred?: string): string {
  const present = policy && namesOf(root, policy)[0];
  if (present !== undefined) return present;
  const local = plain(basename(root));
  const parent = `local/${plain(basename(dirname(root)))}-${local}`;
  const names = [preferred, originOf(root), `local/${local}`, parent].filter((name) => name !== undefined);
  const free = (name: string): boolean => !Object.hasOwn(policy?.repositories ?? {}, name);
  for (let i = 2; ; i++) {
    const found = names.find(free);
    if (found !== undefined) return found;
    names.push(`${parent}-${i}`);
  }
}

/**
 * A note that the run uses another repository than the current work tree, or not the settings that the policy has for
 * it; otherwise undefined.
 */
export function elsewhere(policy: Policy, { name, root }: { name: string; root: string }): string | undefined {
  const known = policy.repositories[name];
  if (known === undefined) return undefined;
  if (known.host === 'github') return `The policy lists ${name} on GitHub; the run does not use ${root}.`;
  if (gitRoot(known.url) !== root) return `The policy names ${known.url} for ${name}; the run does not use ${root}.`;
  const other = namesOf(root, policy).find((one) => one !== name);
  if (other === undefined) return undefined;
  return `The policy lists this repository as ${other}; its settings do not apply, because the spec names ${name}.`;
}
