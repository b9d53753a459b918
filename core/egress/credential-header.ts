import { DrydockError } from '../errors.ts';
import type { CredentialHeader, CredentialSource } from './rule.ts';

/** @throws SecretMissing if the value cannot be sent in a header; the message does not hold it. */
export function credentialHeaderOf({ env, as }: CredentialSource, value: string): CredentialHeader {
  if (!/^[ -~]{1,8000}$/.test(value))
    throw new DrydockError('SecretMissing', `The value of ${env} is not one line of printable ASCII.`, {
      remedy: `Store the credential alone in ${env}, without a line break.`,
    });
  if (as === 'bearer') return { name: 'authorization', value: `Bearer ${value}` };
  if (as.startsWith('header ')) return { name: as.slice('header '.length), value };
  if (!value.includes(':'))
    throw new DrydockError('SecretMissing', `The value of ${env} is not USER:PASSWORD.`, {
      remedy: `Store user and password in ${env}, with a colon between them.`,
    });
  return { name: 'authorization', value: `Basic ${Buffer.from(value).toString('base64')}` };
}
