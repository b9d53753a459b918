import { type Check, fail, pass } from '../../../core/doctor/finding.ts';
import { type Aws, textOf } from './client.ts';

export interface Identity {
  account: string;
  arn: string;
}

/** The identity of the caller. The request needs no permission. */
export async function identityOf(aws: Aws): Promise<Identity> {
  const { Account, Arn } = await aws.query('sts', 'GetCallerIdentity');
  return { account: textOf(Account), arn: textOf(Arn) };
}

/** @param expected Account of the settings. */
export function identityCheck({ account, arn }: Identity, expected: string | undefined): Check {
  if (expected === undefined || account === expected) return pass('caller', `${arn}, account ${account}`);
  const remedy = 'Give --profile of that account, or correct `account` in the settings.';
  return fail('caller', `${arn} is of account ${account}; the settings name ${expected}`, remedy);
}
