import { approversOf, operatorsOf, personOf } from '../../core/policy/people.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { mustOperate } from '../../core/review/may-act.ts';
import type { Channel } from '../../core/run/record.ts';
import { audited, recordAct } from '../audit/record-act.ts';
import type { Deps } from '../deps.ts';
import { unfinishedRuns } from '../runs/unfinished.ts';
import { slotScope, wakeQueued } from './admission.ts';

interface PauseRequest {
  paused: boolean;
  /** As typed or signed in. */
  who: string;
  policy: Policy;
  reason: string;
  channel: Channel;
}

/**
 * Pauses or resumes the admission of new runs.
 * @throws VoteRefused for a person who is neither an approver nor an operator of the policy.
 */
export async function pauseRuns(
  deps: Deps,
  { paused, who, policy, reason, channel }: PauseRequest,
): Promise<{ paused: boolean }> {
  const by = personOf(policy, who) ?? who;
  const people = { approvers: approversOf(policy), operators: operatorsOf(policy) };
  await audited(deps, undefined, { type: 'pause-refused', who: by, channel }, () =>
    mustOperate(by, people, paused ? 'pause the admission of runs' : 'resume the admission of runs'),
  );
  await deps.admission.setPaused(paused, reason === '' ? by : `${by}: ${reason.slice(0, 500)}`);
  await recordAct(deps, { type: paused ? 'paused' : 'resumed', text: reason, who: by, channel });
  if (!paused) {
    const scopes = new Set<string>();
    for await (const { runs } of unfinishedRuns(deps.runs))
      for (const run of runs) if (run.status === 'queued') scopes.add(slotScope(run));
    for (const scope of scopes) await wakeQueued(deps, scope);
  }
  return { paused };
}
