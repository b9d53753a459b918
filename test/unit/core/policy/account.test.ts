import { expect, test } from 'vitest';
import { personOfAccount } from '../../../../core/policy/people.ts';

const people = { lead: { github: 'lead-gh' }, pinned: { github: 'pinned-gh', github_id: 7 }, bare: { github_id: 8 } };

test.each([
  ['by its login, whatever its case', { login: 'Lead-GH', id: 1 }, 'lead'],
  ['by its number', { login: 'pinned-gh', id: 7 }, 'pinned'],
  ['by its number under another login', { login: 'new-name', id: 7 }, 'pinned'],
  ['by its number alone', { login: 'x', id: 8 }, 'bare'],
  ['not by a login that somebody else has taken', { login: 'pinned-gh', id: 9 }, undefined],
  ['not by the login of a person with a number, if the number is not told', { login: 'pinned-gh' }, undefined],
  ['not if the policy does not name it', { login: 'x', id: 1 }, undefined],
])('an account is known %s', (_, account, person) => {
  expect(personOfAccount({ people }, account)).toBe(person);
});
