import type { Policy } from './schema.ts';

const assumedRole = /^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/([\w+=,.@-]+)$/;
const role = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:[\x21-\x7e]+\/)?([\w+=,.@-]+)$/;

/**
 * The person of IAM credentials, by the `iam` fields of the policy's people; undefined for anybody else.
 * - The whole ARN of a role session (`…:assumed-role/NAME/SESSION`) matches first. The caller of AssumeRole chooses the
 *   session name, so this is safe only for roles whose session names are assigned, such as those of IAM Identity
 *   Center.
 * - Otherwise the assumed role matches. The ARN of a session omits the role's path, but role names are unique in an
 *   account.
 * @param arn ARN of a user or of a role session, as IAM reports it.
 */
export function personOfIam(policy: Pick<Policy, 'people'>, arn: string): string | undefined {
  const people = Object.entries(policy.people);
  const exact = people.find(([, person]) => person.iam === arn);
  if (exact) return exact[0];
  const session = assumedRole.exec(arn);
  if (!session) return undefined;
  const [, partition, account, name] = session;
  const found = people.filter(([, person]) => {
    const match = role.exec(person.iam ?? '');
    return match !== null && match[1] === partition && match[2] === account && match[3] === name;
  });
  // Two people with the same role could not be told apart: one caller would have two votes.
  return found.length === 1 ? found[0]?.[0] : undefined;
}
