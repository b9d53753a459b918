import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import { personOfAccount } from '../../core/policy/people.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { CodeHost } from '../../core/ports/host/code-host.ts';
import type { Account, Collaboration } from '../../core/ports/host/collaboration.ts';
import type { Deps } from '../deps.ts';

/** The repository of a webhook, as listed in the operator's policy. */
export interface HostedRepository {
  policy: Policy;
  repository: string;
  trustedBranches: string[];
  host: CodeHost;
  location: string;
  collaboration: Collaboration;
}

/**
 * Finds the repository of a webhook in the policy. Only listed repositories of the listed installation are accepted.
 * @throws DeliveryRefused otherwise.
 */
export function hostedRepository(
  deps: Deps,
  policy: Policy,
  repository: string,
  installation?: number,
): HostedRepository {
  const listed = Object.hasOwn(policy.repositories, repository) ? policy.repositories[repository] : undefined;
  if (listed?.host !== 'github') {
    throw new DrydockError('DeliveryRefused', `The policy does not list ${repository} on a host with webhooks.`, {
      remedy: 'List it under repositories with `host: github`, or uninstall the app from it.',
    });
  }
  if (listed.installation !== undefined && installation !== undefined && listed.installation !== installation) {
    throw new DrydockError(
      'DeliveryRefused',
      `The webhook for ${repository} came from installation ${installation}, but the policy lists another one.`,
      {
        remedy: `The policy lists installation ${listed.installation}; correct the policy or the installation.`,
      },
    );
  }
  const { installation: own } = listed;
  const host = deps.codeHost('github', { repository, ...defined({ installation: own }) });
  if (!host.collaboration)
    throw new DrydockError('Internal', `The host of ${repository} does not support checks and comments.`);
  return {
    policy,
    repository,
    trustedBranches: listed.trusted_branches,
    host,
    location: repository,
    collaboration: host.collaboration,
  };
}

/** The person id of an account. An account that the policy does not list gets an id that no approver has. */
export const personBehind = (policy: Policy, account: Account): string =>
  personOfAccount(policy, account) ?? `${account.login.toLowerCase()}@users.noreply.github.com`;

/** The reason why an account may not start runs; undefined if it is a person with write access to the repository. */
export async function mayWrite(hosted: HostedRepository, account: Account): Promise<string | undefined> {
  if (account.bot) return `${account.login} is a bot; a person has to request a run.`;
  const permission = await hosted.collaboration.permission(hosted.location, account.login);
  if (permission === 'write' || permission === 'admin') return undefined;
  return `${account.login} may not write to ${hosted.repository} (${permission}).`;
}
