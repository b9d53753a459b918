import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePolicy } from '../../../../core/policy/parse.ts';
import { signedIn } from '../../../../core/policy/people.ts';
import { bytesOf } from '../task-spec/specs.ts';

const policyOf = (text: string) => {
  const { policy, problems } = parsePolicy(bytesOf(`version: 1\n${text}`));
  if (!policy) throw new Error(JSON.stringify(problems));
  return policy;
};
const policy = policyOf(`people:
  lead: {email: lead@example.com, oidc: Abc123}
  second: {email: second@example.com}
  third: {oidc: third-subject}
  fourth@example.com: {}
review: {approvers: [lead, second, outside@example.com]}
`);

describe('R24 who signed in', () => {
  test.each([
    ['a subject', { subject: 'Abc123' }, 'lead'],
    ['a subject and the same person’s address', { subject: 'Abc123', email: 'LEAD@example.com' }, 'lead'],
    ['a subject with a strange address', { subject: 'third-subject', email: 'x@example.com' }, 'third'],
    ['a subject with the address of somebody else', { subject: 'Abc123', email: 'second@example.com' }, undefined],
    ['a subject in other letters', { subject: 'abc123' }, undefined],
    ['a subject with a space after it', { subject: 'Abc123 ' }, undefined],
    ['an address', { subject: 's', email: ' Second@Example.com ' }, 'second'],
    ['an address that is an id', { subject: 's', email: 'fourth@example.com' }, 'fourth@example.com'],
    ['an address of the approvers', { subject: 's', email: 'outside@example.com' }, 'outside@example.com'],
    ['an address of a person whose subject is another', { subject: 's', email: 'lead@example.com' }, undefined],
    ['an address of nobody', { subject: 's', email: 'nobody@example.com' }, undefined],
    ['an id in place of an address', { subject: 's', email: 'second' }, undefined],
    ['a login in place of an address', { subject: 's', email: 'github:second' }, undefined],
    ['a subject that is an id', { subject: 'second' }, undefined],
    ['no subject', { subject: '' }, undefined],
    ['a name that every object has', { subject: 'constructor', email: 'toString' }, undefined],
  ])('with %s is %s', (_, identity, person) => expect(signedIn(policy, identity)).toBe(person));

  test('is somebody of the policy, or nobody, whatever the issuer says', () => {
    const known = new Set(['lead', 'second', 'third', 'fourth@example.com', 'outside@example.com']);
    fc.assert(
      fc.property(
        fc.string(),
        fc.option(fc.oneof(fc.emailAddress(), fc.string()), { nil: undefined }),
        (subject, email) => {
          const found = signedIn(policy, { subject, email });
          expect(found === undefined || known.has(found)).toBe(true);
        },
      ),
    );
  });

  test('is not two people: a policy in which they share a subject is refused, letters being told from capitals', () => {
    const rules = (text: string) => parsePolicy(bytesOf(`version: 1\n${text}`)).problems.map(({ rule }) => rule);
    expect(rules('people: {a: {oidc: x}, b: {oidc: x}}\n')).toEqual(['ambiguous-person']);
    expect(rules('people: {a: {oidc: x}, b: {oidc: X}}\n')).toEqual([]);
    expect(rules('people: {a: {oidc: "two words"}}\n')).toEqual(['format']);
  });
});
