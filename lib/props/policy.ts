import { readFileSync } from 'node:fs';
import type { Construct } from 'constructs';
import { parsePolicy } from '../../core/policy/parse.ts';
import type { Policy, PolicyInput } from '../../core/policy/schema.ts';
import { propError } from './prop-error.ts';

/**
 * The policy prop, checked as the command line checks it.
 * @param given Path of a policy file, or its content as an object.
 * @throws FileUnreadable, PolicyInvalid with every fault; PolicyRefused for `review.solo`: where others can reach a
 * deployment, nobody approves what they asked for themselves.
 */
export function checkPolicy(scope: Construct, given: string | PolicyInput): Policy {
  const { policy, problems } = parsePolicy(typeof given === 'string' ? read(scope, given) : toBytes(given));
  if (!policy) {
    const faults = problems.map((p) => `${p.line}:${p.column} ${p.rule}: ${p.message}`).join('\n');
    throw propError(scope, 'PolicyInvalid', `the policy has faults:\n${faults}`);
  }
  if (policy.review.solo) {
    const reason = 'review.solo lets one person approve alone; on AWS name the people and who of them may approve.';
    throw propError(scope, 'PolicyRefused', reason);
  }
  return policy;
}

/** JSON is YAML: one parser, one set of rules. */
const toBytes = (given: PolicyInput): Uint8Array => Buffer.from(JSON.stringify(given, null, 2));

function read(scope: Construct, file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw propError(scope, 'FileUnreadable', `the policy cannot be read: ${(error as Error).message}`);
  }
}
