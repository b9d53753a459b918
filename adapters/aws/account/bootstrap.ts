import { type Check, pass, warn } from '../../../core/doctor/finding.ts';
import type { Aws } from './client.ts';
import { parameterOf } from './parameters.ts';

/** The parameter of the CDK's bootstrap, and the version that the templates ask for: a test compares it with them. */
export const bootstrap = { parameter: '/cdk-bootstrap/hnb659fds/version', version: 6 } as const;

export async function bootstrapVersion(aws: Aws): Promise<number> {
  return Number((await parameterOf(aws, bootstrap.parameter)) ?? 0) || 0;
}

/** @param command What bootstraps the account. */
export async function bootstrapCheck(aws: Aws, command: string): Promise<Check[]> {
  const version = await bootstrapVersion(aws);
  if (version >= bootstrap.version) return [pass('bootstrap', `version ${version} in ${aws.region}`)];
  const found = version === 0 ? 'there is none' : `version ${version}, and ${bootstrap.version} is needed`;
  return [warn('bootstrap', `${found} in ${aws.region}`, `drydock aws up makes it: ${command}`)];
}
