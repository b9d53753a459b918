import { errorKinds, isErrorName } from '../errors.ts';
import type { RunRecord } from './record.ts';
import { isFinal } from './status.ts';

/** What a new run would start from. */
export interface Today {
  /** Requested agent profile; absent when the spec or the policy chooses it. */
  agent?: string;
  policyDigest: string;
  /** Head commit of the target branch; absent when it is unknown. */
  base?: string;
}

type Ended = Pick<RunRecord, 'status' | 'error' | 'agent' | 'policyDigest' | 'base' | 'targetBranch'>;

/**
 * The reason to start another attempt when the same spec is submitted again, as a predicate whose subject is the ended
 * run: its inputs have changed since, or its error was a temporary one. Undefined when the ended run is the answer:
 * because a new attempt would end the same way, or because a person decided that end (then only `retry` starts one).
 */
export function anotherAttempt(run: Ended, today: Today): string | undefined {
  if (!isFinal(run.status)) return undefined;
  if (today.agent !== undefined && today.agent !== run.agent) {
    return `ran with ${run.agent === undefined ? 'another agent' : `the agent ${run.agent}`}, and ${today.agent} was requested`;
  }
  if (run.status === 'over-budget') return 'exceeded the budget';
  if (run.status !== 'failed') return undefined;
  const kind = run.error && isErrorName(run.error.name) ? errorKinds[run.error.name] : undefined;
  if (kind?.exit === 4 || kind?.retry === 'transient') return `ended as ${run.error?.name}`;
  if (today.policyDigest !== run.policyDigest) return 'failed, and the policy has changed since';
  if (today.base !== undefined && run.base !== undefined && today.base !== run.base) {
    return `failed, and ${run.targetBranch} has moved since`;
  }
  return undefined;
}
