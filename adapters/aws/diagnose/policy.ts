import { type Check, fail, pass, warn } from '../../../core/doctor/finding.ts';
import { parsePolicy } from '../../../core/policy/parse.ts';
import { approversOf } from '../../../core/policy/people.ts';
import type { Policy } from '../../../core/policy/schema.ts';

/**
 * Validates the deployed policy with this version's schema, and checks that its approvers have accounts to vote with.
 */
export function policyChecks(bytes: Uint8Array): { policy: Policy | undefined; checks: Check[] } {
  const { policy, problems } = parsePolicy(bytes);
  if (!policy) {
    const faults = problems.map(({ line, message }) => `line ${line}: ${message}`).join('; ');
    return { policy, checks: [fail('policy', faults, 'Correct it (`drydock policy check`), and deploy again.')] };
  }
  const hosted = Object.values(policy.repositories).filter(({ host }) => host === 'github').length;
  const rows = [
    hosted === 0
      ? fail('policy', 'it lists no repository on GitHub', 'Add one to `repositories` with `host: github`, and deploy.')
      : pass('policy', `${hosted} repositories`),
  ];
  return { policy, checks: [...rows, ...peopleChecks(policy)] };
}

function peopleChecks(policy: Policy): Check[] {
  const people = new Map(Object.entries(policy.people));
  const withoutAccount = approversOf(policy).filter((id) => {
    const person = people.get(id);
    return person?.github === undefined && person?.iam === undefined;
  });
  if (withoutAccount.length === 0) return [pass('people', `${people.size}`)];
  const able = approversOf(policy).length - withoutAccount.length;
  const detail = `no account can vote as ${withoutAccount.join(', ')}`;
  const remedy = 'Give each a `github` login or an `iam` ARN under `people`, and deploy.';
  return [able < policy.review.required_reviewers ? fail('people', detail, remedy) : warn('people', detail, remedy)];
}
