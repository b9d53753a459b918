import type { Policy } from './schema.ts';

const assumedRole = /^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/([\w+=,.@-]+)$/;
const role = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:[\x21-\x7e]+\/)?([\w+=,.@-]+)$/;

/**
 * The person behind credentials of IAM, by the `iam` of the policy's people; undefined for anybody else.
 * - one session of a role (`…:assumed-role/NAME/SESSION`) where the policy names it whole. Who may assume the role chooses
 *   the session's name, so that is for roles where somebody else does: those of IAM Identity Center.
 * - else the role that was assumed. The session's ARN leaves the role's path out; names of roles are unique in an account.
 * @param arn As IAM says it: a user's, or that of a role's session.
 */
export function personOfIam(policy: Pick<Policy, 'people'>, arn: string): string | undefined {
  const people = Object.entries(policy.people);
  const exact = people.find(([, person]) => person.iam === arn);
  if (exact) return exact[0];
  const session = assumedRole.exec(arn);
  if (!session) return undefined;
  const [, partition, account, name] = session;
  const found = people.filter(([, person]) => {
    const of = role.exec(person.iam ?? '');
    return of !== null && of[1] === partition && of[2] === account && of[3] === name;
  });
  // Two people by one role would be one person with two votes.
  return found.length === 1 ? found[0]?.[0] : undefined;
}
