import { DrydockError } from '../../core/errors.ts';
import { personOf } from '../../core/policy/people.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { CodeHost } from '../../core/ports/host/code-host.ts';
import type { Account, Collaboration } from '../../core/ports/host/collaboration.ts';
import type { Deps } from '../deps.ts';

/** A repository that a message is about, as the operator's policy has it. */
export interface HostedRepository {
  policy: Policy;
  repository: string;
  trustedBranches: string[];
  host: CodeHost;
  location: string;
  collaboration: Collaboration;
}

/**
 * The policy, not the message, says what may be worked on: a repository it does not list, or one that the message claims
 * for another installation, is none of ours.
 * @throws DeliveryRefused.
 */
export function hostedRepository(
  deps: Deps,
  policy: Policy,
  repository: string,
  installation?: number,
): HostedRepository {
  const listed = Object.hasOwn(policy.repositories, repository) ? policy.repositories[repository] : undefined;
  if (listed?.host !== 'github') {
    throw new DrydockError('DeliveryRefused', `The policy lists no ${repository} on a host with webhooks.`, {
      remedy: 'List it under repositories with `host: github`, or take the app off it.',
    });
  }
  if (listed.installation !== undefined && installation !== undefined && listed.installation !== installation) {
    throw new DrydockError(
      'DeliveryRefused',
      `${repository} came from installation ${installation}, which is not its own.`,
      {
        remedy: `The policy says ${listed.installation}; correct whichever is wrong.`,
      },
    );
  }
  const { installation: own } = listed;
  const host = deps.codeHost('github', { repository, ...(own === undefined ? {} : { installation: own }) });
  if (!host.collaboration) throw new DrydockError('Internal', `The host of ${repository} has no checks and comments.`);
  return {
    policy,
    repository,
    trustedBranches: listed.trusted_branches,
    host,
    location: repository,
    collaboration: host.collaboration,
  };
}

/** The person behind an account. One the policy does not know is a person of its own, who is nobody's approver. */
export const personBehind = (policy: Policy, account: Account): string =>
  personOf(policy, `github:${account.login}`) ?? `${account.login.toLowerCase()}@users.noreply.github.com`;

/** Whether the host lets this account write to the repository, and it is a person. The reason when not. */
export async function mayWrite(hosted: HostedRepository, account: Account): Promise<string | undefined> {
  if (account.bot) return `${account.login} is a bot; a person has to ask for a run.`;
  const permission = await hosted.collaboration.permission(hosted.location, account.login);
  if (permission === 'write' || permission === 'admin') return undefined;
  return `${account.login} may not write to ${hosted.repository} (${permission}).`;
}
