/** What somebody with the right to call, and no more, may try: each row goes to the bundled function itself. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeCall } from '../../../pipeline/api/answer.ts';
import { iamOf } from '../../support/aws/reach.ts';
import { type AwsWorld, createAwsWorld } from '../../support/aws-world.ts';
import { people, pushedSpec } from '../../support/github-world.ts';

let world: AwsWorld;
let spec: string;
beforeAll(async () => {
  world = await createAwsWorld({
    policy: {
      people: {
        lead: { ...people.lead, iam: iamOf.lead },
        second: { ...people.second, iam: iamOf.second },
        dev: { ...people.dev, iam: iamOf.dev },
      },
    },
  });
  spec = pushedSpec(world.github);
  await world.github.push({ '.agent-tasks/FIX-1.yaml': spec }, { by: 'dev-gh', withhold: true });
  await call('dev', 'submit', { ...submission(), policy: {}, requester: 'lead' });
  await world.until('FIX-1', ({ state, status }) => state === 'ReviewGate' && status === 'waiting');
});
afterAll(async () => {
  await world.ecs.idle();
  await world.close();
});

const submission = () => ({
  file: '/etc/passwd',
  bytesBase64: Buffer.from(spec).toString('base64'),
  attempt: 1,
  dryRun: false,
});
async function call(role: string, method: string, ...args: unknown[]) {
  const userArn = role.includes(':') ? role : `arn:aws:sts::123456789012:assumed-role/${role}/lead`;
  const answer = (await world.call('operate', {
    version: '2.0',
    routeKey: 'POST /operate',
    headers: { 'x-user-arn': iamOf.lead, 'x-amzn-iam-user-arn': iamOf.lead },
    requestContext: { requestId: 'r', authorizer: { iam: { userArn } } },
    body: encodeCall(method, args),
  })) as { statusCode: number; body: string };
  return { status: answer.statusCode, ...(JSON.parse(answer.body) as { result?: unknown; error?: { name: string } }) };
}
const votes = async (): Promise<unknown[]> =>
  ((await call('second', 'gatesOf', 'FIX-1')).result as { votes: unknown[] }[]).flatMap((gate) => gate.votes);

describe('a caller', () => {
  test('who names another as requester is the requester, under the policy of the deployment, of the file as merged', async () => {
    const [run] = await world.runs.list();
    expect(run).toMatchObject({ requester: 'dev', specPath: '.agent-tasks/FIX-1.yaml', origin: { branch: 'main' } });
    expect((await call('dev', 'audit', 'FIX-1')).result).toMatchObject({ requester: 'dev' });
  });

  test.each([
    ['approves as the requester, in the name of another', 'dev', 'VoteRefused'],
    ['is in no policy, in the name of an approver', 'stranger', 'PersonUnknown'],
    ['has a session named like an approver', 'other', 'PersonUnknown'],
    ['is the role of that name in another account', 'arn:aws:sts::999999999999:assumed-role/lead/x', 'PersonUnknown'],
    ['is root', 'arn:aws:iam::123456789012:root', 'PersonUnknown'],
  ])('who %s', async (_what, role, name) => {
    for (const who of ['lead', iamOf.lead, `iam:${iamOf.lead}`, 'github:lead-gh', '']) {
      const said = await call(role, 'vote', { gate: 'FIX-1', who, choice: 'approve', text: '' });
      expect([said.status, said.error?.name]).toEqual([422, name]);
    }
    expect(await votes()).toEqual([]);
  });

  test.each([
    ['votes for nobody', 'needsPerson', ['FIX-1']],
    ['waits in a function', 'ended', ['FIX-1']],
    ['asks what only the owner knows', 'idle', []],
    ['reads a work tree', 'why', ['/etc', 'passwd', 1]],
    ['reads the policy', 'policy', []],
  ])('that %s', async (_what, method, args) => {
    expect(await call('lead', method, ...args)).toMatchObject({ status: 422, error: { name: 'UsageError' } });
  });

  test('a retry names no policy and no requester of its own', async () => {
    const policy = { version: 1, repositories: {}, review: { solo: true } };
    expect(await call('dev', 'retry', 'FIX-1', policy, 'lead')).toMatchObject({ error: { name: 'RunUnfinished' } });
  });

  test('a budget is that of the deployment, whatever policy comes along', async () => {
    const policy = { version: 1, budgets: { web: { sprint_starts: '2026-01-01', sprint_days: 300, limit_usd: 9e6 } } };
    expect(await call('dev', 'budget', 'web', policy)).toMatchObject({ status: 200, result: null });
  });

  test('a spec as merged, and one byte more', async () => {
    const bytesBase64 = Buffer.from(`${spec} `).toString('base64');
    expect(await call('dev', 'submit', { ...submission(), bytesBase64 })).toMatchObject({
      error: { name: 'PolicyRefused' },
    });
    const dry = await call('dev', 'submit', { ...submission(), bytesBase64, dryRun: true });
    expect(dry).toMatchObject({ error: { name: 'PolicyRefused' } });
    expect(await world.runs.list()).toHaveLength(1);
  });
});
