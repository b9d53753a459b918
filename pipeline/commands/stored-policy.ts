import { type Policy, parsedPolicySchema } from '../../core/policy/schema.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { getJson } from '../runs/artifacts.ts';

/** The policy at the start of a run. */
export async function loadPolicy(deps: Pick<Deps, 'artifacts'>, record: RunRecord): Promise<Policy> {
  return parsedPolicySchema.parse(await getJson(deps.artifacts, record.policyDigest));
}
