import { readFileSync } from 'node:fs';
import { variable } from '../../common/deployment.ts';
import { DrydockError } from '../../core/errors.ts';
import { parsePolicy } from '../../core/policy/parse.ts';
import type { Policy } from '../../core/policy/schema.ts';

let read: Policy | undefined;

/** The policy that was deployed with the functions. @throws PolicyInvalid, which the deployment has checked before. */
export function operatorPolicy(): Policy {
  if (read) return read;
  const { policy, problems } = parsePolicy(readFileSync(variable('policy')));
  if (!policy) throw new DrydockError('PolicyInvalid', problems.map(({ message }) => message).join('; '));
  read = policy;
  return read;
}
