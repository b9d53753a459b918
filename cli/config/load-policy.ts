import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import { parsePolicy } from '../../core/policy/parse.ts';
import { personOf } from '../../core/policy/people.ts';
import { type Policy, soloPolicy } from '../../core/policy/schema.ts';
import type { Problem } from '../../core/task-spec/text.ts';
import { home, requesterName } from './home.ts';
import { unreadable } from './unreadable.ts';

interface LoadedPolicy {
  policy: Policy;
  /** Path of the policy file, or `built-in`. */
  source: string;
}

/** The person id of a name under a policy; the name itself if the policy does not know it. */
export const personId = (policy: Policy, name: string): string => personOf(policy, name) ?? name;

/** Folder of the operator's configuration. */
const configFolder = (env = process.env): string => join(env.XDG_CONFIG_HOME || join(home(env), '.config'), 'drydock');

/** Path of the policy file, which may not exist. */
export const policyFile = (flag: string | undefined, env = process.env): string =>
  flag ?? (env.DRYDOCK_POLICY || join(configFolder(env), 'policy.yaml'));

interface PolicyOptions {
  policy?: string;
  as?: string;
  /** Name to path, from the command line; added to the policy, or replacing the url of a listed repository. */
  repositories: Map<string, string>;
  /** The current work tree, under the repository name of the spec; added if the policy does not list that name. */
  standing?: { name: string; root: string };
}

/**
 * Loads the policy: `--policy`, `$DRYDOCK_POLICY`, `~/.config/drydock/policy.yaml`, otherwise the built-in policy for
 * one person. Relative paths in a policy are relative to its folder.
 * @throws PolicyInvalid with every fault and its line; FileUnreadable.
 */
export function loadPolicy(options: PolicyOptions, env = process.env): LoadedPolicy {
  const explicit = options.policy ?? (env.DRYDOCK_POLICY || undefined);
  const file = policyFile(options.policy, env);
  const bytes = read(file, explicit !== undefined);
  const repositories = [...options.repositories].map(([name, url]) => ({ name, url }));
  const add = (known: (name: string) => boolean): void => {
    const { standing } = options;
    if (standing && !options.repositories.has(standing.name) && !known(standing.name))
      repositories.push({ name: standing.name, url: standing.root });
  };
  if (!bytes) {
    add(() => false);
    const requester = requesterName(options.as, env);
    return { policy: soloPolicy({ id: requester, email: requester }, repositories), source: 'built-in' };
  }
  const { policy, problems } = parsePolicy(bytes);
  if (!policy) throw invalidPolicy(file, problems);
  const folder = dirname(resolve(file));
  const located: Policy = structuredClone(policy);
  for (const repository of Object.values(located.repositories)) {
    if (repository.host === 'git') repository.url = absolute(folder, repository.url);
  }
  for (const profile of Object.values(located.agents.profiles)) {
    if (profile.files !== undefined) profile.files = absolute(folder, profile.files);
  }
  add((name) => Object.hasOwn(located.repositories, name));
  for (const { name, url } of repositories) {
    const known = located.repositories[name];
    located.repositories[name] =
      known?.host === 'git'
        ? { ...known, url }
        : {
            host: 'git',
            url,
            trusted_branches: ['*'],
            known_failures: [],
            ...defined({ team: known?.team }),
          };
  }
  return { policy: located, source: file };
}

/** One error with every fault of a policy, each with its line. */
export const invalidPolicy = (file: string, problems: Problem[]): DrydockError =>
  new DrydockError(
    'PolicyInvalid',
    problems.map((p) => `${file}:${p.line}:${p.column} ${p.rule}: ${p.message}`).join('\n'),
    { details: problems },
  );

const absolute = (folder: string, path: string): string =>
  path.startsWith('file://')
    ? path.slice('file://'.length)
    : /^[a-z+]+:\/\//i.test(path) || isAbsolute(path)
      ? path
      : resolve(folder, path);

/** What to do about a policy that is not there. */
export const policyRemedy = 'Create a policy with `drydock init`, or name one with --policy.';

function read(file: string, mustExist: boolean): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if (!mustExist && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable('policy', file, error, policyRemedy);
  }
}
