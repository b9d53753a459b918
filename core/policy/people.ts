import type { Policy } from './schema.ts';

type People = Pick<Policy, 'people'>;

const own = <T>(map: Record<string, T>, key: string): T | undefined => (Object.hasOwn(map, key) ? map[key] : undefined);

/**
 * The person id of somebody, however named: an id, an e-mail address, `github:LOGIN`, `slack:ID` or `iam:ARN`. An address
 * that is nobody's is a person of its own, in small letters. Undefined for anybody else. Rules compare these ids only.
 */
export function personOf(policy: People, who: string): string | undefined {
  const name = who.trim();
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

/** Person ids of those who may approve, each once; an id nobody has is left out (`parsePolicy` refuses it). */
export function approversOf(policy: People & { review: Pick<Policy['review'], 'approvers'> }): string[] {
  const ids = policy.review.approvers.map((who) => personOf(policy, who));
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/**
 * Who signed in, by what the issuer says: the person with that subject, else the one with that verified address. Undefined
 * for whoever the policy does not name, and where subject and address are two people's. A person with a subject is known by
 * it alone: an address may be given to somebody else one day.
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

/** `OSUSER@localhost` is one too. */
const isAddress = (text: string): boolean => /^[^\s@:/]+@[^\s@:/]+$/.test(text);
