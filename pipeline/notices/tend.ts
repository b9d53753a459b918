import type { Policy } from '../../core/policy/schema.ts';
import type { Messages } from '../../core/ports/runtime/notifier.ts';
import type { Deps } from '../deps.ts';
import { unfinishedRuns } from '../runs/unfinished.ts';
import { sendDigest } from './digest.ts';
import { isToBeReminded, remind } from './reminders.ts';

/** What the clock brings on one machine: reminders, and the digest. On AWS the reconciler does the same. */
export async function tendMessages(deps: Deps, messages: Messages, policy: Policy): Promise<void> {
  const hours = policy.notify.remind_hours_before;
  for await (const { runs } of unfinishedRuns(deps.runs)) {
    const gates = await deps.gates.many(
      runs.flatMap(({ status, gate }) => (status === 'waiting' && gate ? [gate] : [])),
    );
    for (const gate of gates)
      if (isToBeReminded(gate, hours, deps.clock.now())) await remind(deps, messages, gate, hours);
  }
  await sendDigest(deps, messages, policy);
}
