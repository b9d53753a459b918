import { errorKinds, isErrorName } from '../errors.ts';
import type { RunRecord } from './record.ts';
import { isFinal } from './status.ts';

/** What a run would start from now. */
export interface Today {
  /** Profile that was asked for by name; absent where the spec or the policy chooses. */
  agent?: string;
  policyDigest: string;
  /** Head of the target branch; absent where it cannot be told. */
  base?: string;
}

type Ended = Pick<RunRecord, 'status' | 'error' | 'agent' | 'policyDigest' | 'base' | 'targetBranch'>;

/**
 * Why the same spec, given again, is run once more instead of being answered with the run that ended, as a predicate of
 * that run: what it ended on is not what there is now. Undefined where the same would happen again, and for what a person decided: to run that
 * once more, somebody has to say so (`retry`).
 */
export function anotherAttempt(run: Ended, today: Today): string | undefined {
  if (!isFinal(run.status)) return undefined;
  if (today.agent !== undefined && today.agent !== run.agent) {
    return `ran with the agent ${run.agent ?? 'of another name'}, and ${today.agent} was asked for`;
  }
  if (run.status === 'over-budget') return 'was over the budget';
  if (run.status !== 'failed') return undefined;
  const kind = run.error && isErrorName(run.error.name) ? errorKinds[run.error.name] : undefined;
  if (kind?.exit === 4 || kind?.retry === 'transient') return `ended as ${run.error?.name}`;
  if (today.policyDigest !== run.policyDigest) return 'failed, and the policy is another one now';
  if (today.base !== undefined && run.base !== undefined && today.base !== run.base) {
    return `failed, and ${run.targetBranch} has moved since`;
  }
  return undefined;
}
