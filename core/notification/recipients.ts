import type { Notice } from './notice.ts';
import type { QuietHours } from './quiet.ts';

type People = Record<
  string,
  { email?: string | undefined; slack?: string | undefined; quiet?: QuietHours | undefined }
>;

export interface Addresses {
  addressOf(person: string): string | undefined;
  memberOf(person: string): string | undefined;
  quietOf(person: string): QuietHours | undefined;
}

/** Where people are reached, by person id. */
export function addressesOf(people: People): Addresses {
  const known = new Map(Object.entries(people));
  return {
    // An approver may be given as an address, which then is a person id of its own.
    addressOf: (person) => known.get(person)?.email ?? (isMailbox(person) ? person : undefined),
    memberOf: (person) => known.get(person)?.slack,
    quietOf: (person) => known.get(person)?.quiet,
  };
}

/**
 * Whether a text is one address with a domain that mail reaches, written without quotes, lists or comments. The default id of
 * a person, `OSUSER@localhost`, is none.
 */
export const isMailbox = (text: string): boolean =>
  /^[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9.-]+$/.test(text) && text.lastIndexOf('.') > text.indexOf('@');

/** Recipients of mail: those with an address, each address once. */
export function withAddress({ to }: Notice, addressOf: Addresses['addressOf']): string[] {
  const byAddress = new Map<string, string>();
  for (const person of to) {
    const address = addressOf(person)?.toLowerCase();
    if (address !== undefined && !byAddress.has(address)) byAddress.set(address, person);
  }
  return [...byAddress.values()];
}

/** The recipient of a channel that many read. A digest for one person is not for them. */
export const everybody = ({ kind, to }: Notice): string[] => (kind === 'digest' && to.length > 0 ? [] : ['all']);
