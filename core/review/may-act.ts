import { DrydockError } from '../errors.ts';
import type { EffectiveTask } from '../run/effective-task.ts';
import type { RunRecord } from '../run/record.ts';

/** People who may act, as policy or task name them. */
type People = Pick<EffectiveTask, 'approvers'> & { operators?: string[] | undefined };

/**
 * Checks that a person may stop or repeat a run: its requester, whoever repeated it before, an approver or an operator.
 * Where the policy names nobody, there is only one person, and every name is theirs.
 * @param what For the message, for example `cancel FIX-1`.
 * @throws VoteRefused.
 */
export function mustActOnRun(
  person: string,
  run: Pick<RunRecord, 'requester' | 'retriers'>,
  people: People,
  what: string,
): void {
  mustOperate(person, { ...people, operators: [...(people.operators ?? []), ...involvedIn(run)] }, what, people);
}

/** Checks that a person may act on all runs: an approver or an operator. @throws VoteRefused. */
export function mustOperate(person: string, people: People, what: string, named: People = people): void {
  const nobodyIsNamed = named.approvers.length === 0 && (named.operators ?? []).length === 0;
  if (nobodyIsNamed || people.approvers.includes(person) || people.operators?.includes(person)) return;
  throw new DrydockError('VoteRefused', `${person} may not ${what}.`, {
    remedy: `Ask one of these people: ${[...new Set([...people.approvers, ...(people.operators ?? [])])].join(', ')}.`,
  });
}

/** The people who started a run: its requester, and those who repeated it. None of them may approve it. */
export const involvedIn = ({ requester, retriers = [] }: Pick<RunRecord, 'requester' | 'retriers'>): string[] => [
  requester,
  ...retriers,
];
