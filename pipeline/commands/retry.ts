import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { isFinal } from '../../core/run/status.ts';
import type { Deps } from '../deps.ts';
import { loadPolicy } from './stored-policy.ts';
import { type Submitted, submit } from './submit.ts';

/**
 * Starts the next attempt of an ended run, under the current policy.
 * @param requester Person id.
 * @throws RunUnfinished, and the errors of `submit`.
 */
export async function retryRun(deps: Deps, record: RunRecord, policy: Policy, requester: string): Promise<Submitted> {
  if (!isFinal(record.status)) throw new DrydockError('RunUnfinished', `${record.taskId} is ${record.status}.`);
  const attempts = (await deps.runs.byTask(record.repository, record.taskId)).map((other) => other.attempt);
  // A repository that came from `--repo` is taken from the run's own policy, so that a retry needs no flags.
  const stored = (await loadPolicy(deps, record)).repositories[record.repository];
  const repositories =
    stored && !policy.repositories[record.repository]
      ? { ...policy.repositories, [record.repository]: stored }
      : policy.repositories;
  return submit(deps, {
    file: record.specPath,
    bytes: await deps.artifacts.get(record.specDigest),
    policy: { ...policy, repositories },
    requester,
    attempt: Math.max(...attempts) + 1,
    dryRun: false,
    ...defined({ agent: record.agentOverride, origin: record.origin }),
  });
}
