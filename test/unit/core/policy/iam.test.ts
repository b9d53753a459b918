import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { personOfIam } from '../../../../core/policy/iam.ts';

const account = '123456789012';
const people = {
  lead: { iam: `arn:aws:iam::${account}:role/team/web/lead` },
  dev: { iam: `arn:aws:iam::${account}:user/dev` },
  sso: { iam: `arn:aws:sts::${account}:assumed-role/AWSReservedSSO_Dev_0a1b/ann@example.com` },
  mailed: { email: 'x@example.com' },
};
const of = (arn: string): string | undefined => personOfIam({ people }, arn);

describe('the person behind credentials of IAM (R24)', () => {
  test.each([
    [`arn:aws:sts::${account}:assumed-role/lead/anything`, 'lead'],
    [`arn:aws:iam::${account}:user/dev`, 'dev'],
    [`arn:aws:sts::${account}:assumed-role/AWSReservedSSO_Dev_0a1b/ann@example.com`, 'sso'],
    // another session of that role, account, partition, name, kind
    [`arn:aws:sts::${account}:assumed-role/AWSReservedSSO_Dev_0a1b/bob@example.com`, undefined],
    ['arn:aws:sts::999999999999:assumed-role/lead/anything', undefined],
    [`arn:aws-cn:sts::${account}:assumed-role/lead/anything`, undefined],
    [`arn:aws:sts::${account}:assumed-role/Lead/anything`, undefined],
    [`arn:aws:sts::${account}:assumed-role/web/lead`, undefined],
    [`arn:aws:sts::${account}:assumed-role/x/lead/y`, undefined],
    [`arn:aws:iam::${account}:role/lead`, undefined],
    [`arn:aws:sts::${account}:federated-user/lead`, undefined],
    [`arn:aws:iam::${account}:root`, undefined],
    ['', undefined],
    ['lead', undefined],
    ['__proto__', undefined],
  ])('%s → %s', (arn, person) => expect(of(arn)).toBe(person));

  test('two people by one role are nobody', () => {
    const twice = {
      a: { iam: `arn:aws:iam::${account}:role/x/shared` },
      b: { iam: `arn:aws:iam::${account}:role/y/shared` },
    };
    expect(personOfIam({ people: twice }, `arn:aws:sts::${account}:assumed-role/shared/s`)).toBeUndefined();
  });

  test('nothing but a name of the policy makes a person', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, session) => {
        const arn = `arn:aws:sts::${account}:assumed-role/${name}/${session}`;
        const known = name === 'lead' && /^[\w+=,.@-]+$/.test(session) ? 'lead' : undefined;
        const exact = arn === people.sso.iam ? 'sso' : undefined;
        expect(of(arn)).toBe(exact ?? known);
      }),
    );
  });
});
