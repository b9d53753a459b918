import { readFileSync } from 'node:fs';
import { variable } from '../../common/deployment.ts';
import { type Policy, parsedPolicySchema } from '../../core/policy/schema.ts';

let policy: Policy | undefined;

/** The deployed policy: JSON, validated at synthesis and written with every default. */
export function operatorPolicy(): Policy {
  policy ??= parsedPolicySchema.parse(JSON.parse(readFileSync(variable('policy'), 'utf8')));
  return policy;
}
