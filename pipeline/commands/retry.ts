import { defined } from '../../core/defined.ts';
import { DrydockError } from '../../core/errors.ts';
import { approversOf, operatorsOf } from '../../core/policy/people.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { mustActOnRun } from '../../core/review/may-act.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { isFinal } from '../../core/run/status.ts';
import { requestOf } from '../asks/request.ts';
import type { Deps } from '../deps.ts';
import { loadPolicy } from './stored-policy.ts';
import { type Submitted, submit } from './submit.ts';
import { submitAsk } from './submit-ask.ts';

/**
 * Starts the next attempt of an ended run, under the current policy. The requester stays the same; a person who repeats
 * the run of another one may not approve it either.
 * @param person Person id.
 * @throws VoteRefused for a person who may not act on the run; RunUnfinished; and the errors of `submit`.
 */
export async function retryRun(deps: Deps, record: RunRecord, policy: Policy, person: string): Promise<Submitted> {
  const people = { approvers: approversOf(policy), operators: operatorsOf(policy) };
  mustActOnRun(person, record, people, `retry ${record.taskId}`);
  if (record.parent !== undefined)
    throw new DrydockError('PolicyRefused', `${record.taskId} is a part of a campaign.`, {
      remedy: 'Answer the question of the campaign: it does the part again. Or retry the whole campaign.',
    });
  if (!isFinal(record.status)) throw new DrydockError('RunUnfinished', `${record.taskId} is ${record.status}.`);
  const attempts = (await deps.runs.byTask(record.repository, record.taskId)).map((other) => other.attempt);
  // A repository that came from `--repo` is taken from the run's own policy, so that a retry needs no flags.
  const stored = (await loadPolicy(deps, record)).repositories[record.repository];
  const repositories =
    stored && !policy.repositories[record.repository]
      ? { ...policy.repositories, [record.repository]: stored }
      : policy.repositories;
  // The money of a trigger's run stays that of the triggers.
  const team = record.trigger && policy.triggers?.team;
  const attempt = Math.max(...attempts) + 1;
  if (record.kind !== undefined)
    return submitAsk(deps, {
      request: await requestOf(deps, record),
      policy: { ...policy, repositories },
      requester: record.requester,
      retrier: person,
      attempt,
      ...defined({ agent: record.agentOverride }),
    });
  return submit(deps, {
    file: record.specPath,
    bytes: await deps.artifacts.get(record.specDigest),
    policy: { ...policy, repositories },
    requester: record.requester,
    retrier: person,
    attempt,
    dryRun: false,
    ...defined({ agent: record.agentOverride, origin: record.origin, trigger: record.trigger, team }),
  });
}
