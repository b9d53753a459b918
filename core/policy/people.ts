import type { Account } from '../ports/host/collaboration.ts';
import type { Policy } from './schema.ts';

type People = Pick<Policy, 'people'>;

const own = <T>(map: Record<string, T>, key: string): T | undefined => (Object.hasOwn(map, key) ? map[key] : undefined);

/**
 * The person id for a name: an id, an e-mail address, `github:LOGIN`, `slack:ID` or `iam:ARN`. An address that the
 * policy does not list is its own person id, in lower case. Undefined for any other name. Rules compare only these ids.
 */
export function personOf(policy: People, given: string): string | undefined {
  const name = given.trim();
  if (own(policy.people, name)) return name;
  const people = Object.entries(policy.people);
  const [, kind, value = ''] = /^(github|slack|iam):(.+)$/i.exec(name) ?? [];
  switch (kind?.toLowerCase()) {
    case 'github':
      return people.find(([, person]) => person.github?.toLowerCase() === value.toLowerCase())?.[0];
    case 'slack':
      return people.find(([, person]) => person.slack === value)?.[0];
    case 'iam':
      return people.find(([, person]) => person.iam === value)?.[0];
    default: {
      const address = name.toLowerCase();
      const known = people.find(
        ([id, person]) => person.email?.toLowerCase() === address || (isAddress(id) && id.toLowerCase() === address),
      );
      return known?.[0] ?? (isAddress(address) ? address : undefined);
    }
  }
}

/**
 * The person id of a GitHub account. A person with a number in the policy is known by it alone: the login may belong to
 * somebody else by now.
 */
export function personOfAccount(policy: People, account: Pick<Account, 'login' | 'id'>): string | undefined {
  const people = Object.entries(policy.people);
  const byId = account.id === undefined ? undefined : people.find(([, person]) => person.github_id === account.id);
  if (byId) return byId[0];
  const byLogin = people.find(([, person]) => person.github?.toLowerCase() === account.login.toLowerCase());
  return byLogin?.[1].github_id === undefined ? byLogin?.[0] : undefined;
}

/** Person ids of the approvers, each once. Unknown ids are left out; `parsePolicy` refuses them. */
export function approversOf(policy: People & { review: Pick<Policy['review'], 'approvers'> }): string[] {
  const ids = policy.review.approvers.map((who) => personOf(policy, who));
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/** Person ids of the operators, each once. */
export function operatorsOf(policy: People & Pick<Policy, 'operators'>): string[] {
  const ids = policy.operators.map((who) => personOf(policy, who));
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/**
 * The person id for the claims of an issuer: the person with this subject, otherwise the person with this verified
 * address. Undefined if the policy does not name the person, or if subject and address belong to two people. A person
 * with a subject in the policy is identified by it alone, because an address may be reassigned to somebody else.
 */
export function signedIn(
  policy: People & { review: Pick<Policy['review'], 'approvers'> },
  { subject, email }: { subject: string; email?: string | undefined },
): string | undefined {
  const bySubject = Object.entries(policy.people).find(([, person]) => person.oidc === subject)?.[0];
  const found = email === undefined || !isAddress(email.trim()) ? undefined : personOf(policy, email);
  const named = found !== undefined && (own(policy.people, found) || approversOf(policy).includes(found));
  const byAddress = named ? found : undefined;
  if (bySubject !== undefined) return byAddress === undefined || byAddress === bySubject ? bySubject : undefined;
  return byAddress !== undefined && own(policy.people, byAddress)?.oidc === undefined ? byAddress : undefined;
}

/** Also true for `OSUSER@localhost`. */
const isAddress = (text: string): boolean => /^[^\s@:/]+@[^\s@:/]+$/.test(text);
