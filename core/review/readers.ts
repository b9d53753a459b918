import { approversOf, operatorsOf, personOf } from '../policy/people.ts';
import type { Policy } from '../policy/schema.ts';

/** What a person with the role of a reader sees; undefined for a person who sees all runs. */
export type ReadScope = { teams: readonly string[]; person: string } | undefined;

/**
 * The runs that a person may read. People under `readers` see those of their teams, and those that they requested;
 * everybody else whom the policy admits sees all. Approvers and operators decide about all runs, so they see them.
 * @param who As typed or signed in: a person id, an address.
 */
export function readScope(policy: Pick<Policy, 'people' | 'readers' | 'operators' | 'review'>, who: string): ReadScope {
  const person = personOf(policy, who) ?? who;
  const isReader = policy.readers.some((each) => (personOf(policy, each) ?? each) === person);
  if (!isReader || approversOf(policy).includes(person) || operatorsOf(policy).includes(person)) return undefined;
  const known = Object.hasOwn(policy.people, person) ? policy.people[person] : undefined;
  return { teams: known?.teams ?? [], person };
}

/** Whether a run is within what somebody may read. */
export const mayRead = (scope: ReadScope, run: { team: string; requester: string }): boolean =>
  scope === undefined || scope.teams.includes(run.team) || run.requester === scope.person;
