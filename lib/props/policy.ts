import { readFileSync } from 'node:fs';
import type { Construct } from 'constructs';
import { undeployable } from '../../core/deployment/deployable.ts';
import { parsePolicy } from '../../core/policy/parse.ts';
import type { Policy, PolicyInput } from '../../core/policy/schema.ts';
import { propError } from './prop-error.ts';

/**
 * Validates the policy prop with the rules of the command line.
 * @param given Path of a policy file, or its content as an object.
 * @throws FileUnreadable. PolicyInvalid with every fault. PolicyRefused for `review.solo`: a deployment serves several
 * people, so nobody may approve their own request.
 */
export function checkPolicy(scope: Construct, given: string | PolicyInput): Policy {
  const { policy, problems } = parsePolicy(typeof given === 'string' ? read(scope, given) : toBytes(given));
  if (!policy) {
    const faults = problems.map((p) => `${p.line}:${p.column} ${p.rule}: ${p.message}`).join('\n');
    throw propError(scope, 'PolicyInvalid', `the policy has faults:\n${faults}`);
  }
  const [reason] = undeployable(policy);
  if (reason !== undefined) throw propError(scope, 'PolicyRefused', reason);
  return policy;
}

/** JSON is a subset of YAML, so one parser and one set of rules serve both. */
const toBytes = (given: PolicyInput): Uint8Array => Buffer.from(JSON.stringify(given, null, 2));

function read(scope: Construct, file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw propError(scope, 'FileUnreadable', `the policy cannot be read: ${(error as Error).message}`);
  }
}
