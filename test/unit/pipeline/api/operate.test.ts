import { expect, test } from 'vitest';
import { policySchema } from '../../../../core/policy/schema.ts';
import { encodeCall } from '../../../../pipeline/api/answer.ts';
import { operate } from '../../../../pipeline/api/operate.ts';
import type { Deps } from '../../../../pipeline/deps.ts';

const budgets = { web: { sprint_starts: '2026-01-01', sprint_days: 300, limit_usd: 5 } };
const policy = policySchema.parse({ version: 1, budgets });
const caller = { arn: 'arn:aws:iam::123456789012:user/u' };
const withRuns = (runs: number): Deps =>
  ({
    clock: { now: () => Date.parse('2026-02-01') },
    ledger: { budget: async () => ({ team: 'web', runs: Array.from({ length: runs }, () => 'x'.repeat(1_000)) }) },
  }) as unknown as Deps;

test('an answer that a function cannot give is refused by name, and one just below is given', async () => {
  const ask = (runs: number) => operate(withRuns(runs), policy, caller, encodeCall('budget', ['web']));
  expect((await ask(5_000)).status).toBe(200);
  const refused = await ask(6_000);
  expect([refused.status, refused.text]).toEqual([422, expect.stringContaining('LimitExceeded')]);
});

test('teams are told by name; the policy is not', async () => {
  expect(await operate(withRuns(0), policy, caller, encodeCall('teams', []))).toEqual({
    status: 200,
    text: '{"result":["web"]}',
  });
});

test('a reader is told the names of their own teams', async () => {
  const people = { dana: { iam: caller.arn, teams: ['web'] }, lead: {} };
  const of = (teams: string[]) =>
    policySchema.parse({
      version: 1,
      budgets: { ...budgets, pay: budgets.web },
      people: { ...people, dana: { ...people.dana, teams } },
      readers: ['dana'],
      review: { approvers: ['lead'] },
    });
  for (const teams of [['web'], []])
    expect((await operate(withRuns(0), of(teams), caller, encodeCall('teams', []))).text).toBe(
      JSON.stringify({ result: teams }),
    );
});

test('a caller is told who the policy takes them for, by IAM and by nothing that they send', async () => {
  const known = policySchema.parse({
    version: 1,
    people: { dana: { iam: caller.arn }, lead: {} },
    review: { approvers: ['lead'] },
  });
  const ask = async (of: typeof known) => (await operate(withRuns(0), of, caller, encodeCall('person', ['lead']))).text;
  expect(await ask(known)).toBe('{"result":"dana"}');
  expect(await ask(policy)).toBe('{"result":null}');
});
