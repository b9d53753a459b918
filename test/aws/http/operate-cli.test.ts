/** The command line in front of a deployment: real processes, signed calls, the bundled functions behind the routes. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { notAllowed } from '../../support/aws/allowed.ts';
import { iamOf, type Reached, reach } from '../../support/aws/reach.ts';
import { type AwsWorld, createAwsWorld } from '../../support/aws-world.ts';
import { draftedSpec, people, pushedSpec } from '../../support/github-world.ts';
import type { Script } from '../../support/scripted-runner.ts';

let world: AwsWorld;
let at: Reached;
afterEach(async () => {
  await world.ecs.idle();
  expect(world.aws.unknown).toEqual([]);
  expect(notAllowed(world.aws.calls)).toEqual([]);
  await at.close();
  await world.close();
});

const known = {
  lead: { ...people.lead, iam: iamOf.lead },
  second: { ...people.second, iam: iamOf.second },
  dev: { ...people.dev, iam: iamOf.dev },
};
const path = '.agent-tasks/FIX-1.yaml';
/** A deployment whose repository holds a spec that no push told of. */
async function start(policy: Record<string, unknown> = {}, change = {}, script: Script = () => undefined) {
  world = await createAwsWorld({ policy: { people: known, ...policy }, script });
  at = await reach(world);
  const text = pushedSpec(world.github, change);
  await world.github.push({ [path]: text }, { by: 'dev-gh', withhold: true });
  return at.file('FIX-1.yaml', text);
}
const gateOf = (json: Record<string, unknown>): string => String(json.gate);

describe('drydock --stack (R24, R30, R41)', () => {
  test('run → waiting, exit 5 → approved by another → delivered; everything in between can be seen', async () => {
    const file = await start({ budgets: { web: { sprint_starts: '2026-01-01', sprint_days: 366, limit_usd: 50 } } });
    const run = await at.as('dev', 'run', file);
    expect(run).toMatchObject({ code: 5, json: { taskId: 'FIX-1', status: 'waiting', state: 'ReviewGate' } });
    expect(run.stderr).toContain('gate-opened');
    expect(run.json.origin).toMatchObject({ branch: 'main' });

    // The same run as a push would have started: there is one of it.
    expect(await at.as('lead', 'run', file)).toMatchObject({ code: 0, json: { status: 'duplicate' } });
    expect((await at.as('dev', 'approve', gateOf(run.json))).json).toMatchObject({ error: { name: 'VoteRefused' } });
    const events = at.start('lead', ['events', 'FIX-1', '--follow', '--json'], { DRYDOCK_STACK: 'Drydock' });
    expect((await at.as('lead', 'approve', 'FIX-1')).json).toMatchObject({
      status: 'decided',
      decision: { outcome: 'approved', by: ['lead'] },
    });
    const followed = (await events.said).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { key: string; type: string });
    expect(new Set(followed.map(({ key }) => key)).size).toBe(followed.length);
    expect(followed.map(({ type }) => type)).toEqual(expect.arrayContaining(['vote', 'delivered']));

    expect((await at.as('stranger', 'status', 'FIX-1')).json).toMatchObject({ status: 'delivered', error: null });
    expect((await at.as('second', 'list')).json.runs).toHaveLength(1);
    expect((await at.as('second', 'show', 'FIX-1', '--evidence')).json).toMatchObject({
      diff: [{ path: 'src/math.js', op: 'put' }],
      host: { reviews: [] },
      evidence: { pullRequestBody: expect.stringContaining('FIX-1') },
    });
    expect((await at.as('second', 'egress', 'FIX-1')).json).toHaveProperty('refusals');
    expect((await at.as('second', 'audit', 'FIX-1')).json).toMatchObject({ requester: 'dev', taskId: 'FIX-1' });
    expect((await at.as('second', 'budget')).json).toMatchObject({ budgets: [{ team: 'web', limitUsd: 50 }] });
    // What was sent says nothing of who sent it.
    const bodies = at.api.events.map(({ body }) => String(body));
    expect(bodies.filter((body) => /"(who|requester|policy)":"?\w/.test(body))).toEqual([]);
  });

  test('draft → questions → one pull request; split → parts that the file gets', async () => {
    const part = (id: string, path: string) => ({ id, title: id, instructions: `Do ${id}.`, target_paths: [path] });
    const answers = {
      draft: (asked: boolean) =>
        asked ? { spec: draftedSpec } : { questions: [{ question: 'Which?', suggested: 'add' }] },
      split: () => ({ parts: [part('source', 'src/**'), part('tests', 'test/**')] }),
    };
    const file = await start({}, { target_paths: ['src/**', 'test/**'] }, ({ spec: { phase, prompt } }) =>
      phase === 'draft' || phase === 'split'
        ? { result: { outcome: 'answered', answer: JSON.stringify(answers[phase](prompt.includes('## An answer'))) } }
        : undefined,
    );
    const { repository } = world.github;
    const nowhere = await at.as('dev', 'draft', 'Correct the sums.');
    expect(nowhere).toMatchObject({ code: 2, json: { error: { name: 'UsageError' } } });
    const asked = await at.as('dev', 'draft', 'Correct the sums.', '--repo', repository);
    expect(asked).toMatchObject({ code: 5, json: { kind: 'draft', status: 'waiting', state: 'AskHuman' } });
    expect(asked.stderr).toContain('Which?');
    const taskId = String(asked.json.taskId);
    expect((await at.as('dev', 'answer', taskId, 'add')).code).toBe(0);
    const run = await world.until(taskId, ({ status }) => status === 'delivered');
    expect(await world.github.pull(Number(run.pullRequest?.id))).toMatchObject({ title: 'Task spec: Correct add' });

    const split = await at.as('dev', 'split', file, '--write');
    expect(split).toMatchObject({
      code: 0,
      json: { kind: 'split', status: 'delivered', parts: [{ id: 'source' }, {}] },
    });
    expect(readFileSync(file, 'utf8')).toContain('id: source');
    for (const act of [
      ['draft', 'Else.', '--repo', repository],
      ['split', file],
    ])
      expect((await at.as('stranger', ...act)).json).toMatchObject({ error: { name: 'PersonUnknown' } });
    expect((await at.as('dev', 'draft', 'Else.', '--repo', 'else/where')).json).toMatchObject({
      error: { name: 'UnknownRepository' },
    });
  });

  test('tell: an agent that works gets it, and the prompt of the next phase has it', async () => {
    const prompts: string[] = [];
    const said: unknown[] = [];
    const file = await start({}, {}, async ({ spec: { phase, prompt, phaseKey } }) => {
      if (phase !== 'build' && phase !== 'rework') return undefined;
      prompts.push(prompt);
      if (prompts.length > 1) return undefined;
      said.push(await at.as('lead', 'tell', 'FIX-1', 'Be brief.', '--now'));
      said.push(await at.as('stranger', 'tell', 'FIX-1', 'Delete it.'));
      const key = [...world.aws.objects.keys()].find((each) => each.endsWith(`phases/${phaseKey}/remarks.json`)) ?? '';
      said.push(Buffer.from(world.aws.objects.get(key) ?? []).toString());
      return undefined;
    });
    await at.as('dev', 'run', file);
    expect(said).toMatchObject([
      { code: 0, json: { reaches: 'agent' } },
      { code: 2, json: { error: { name: 'PersonUnknown' } } },
      expect.stringMatching(/^\[\{"key":"[0-9a-f]{32}","by":"lead","now":true,"text":"Be brief\."\}\]$/),
    ]);
    expect((await at.as('second', 'revise', 'FIX-1', 'Once more.')).code).toBe(0);
    await world.until('FIX-1', ({ status, work }) => status === 'waiting' && work.feedback.length === 0);
    expect(prompts.map((prompt) => prompt.includes('Be brief.'))).toEqual([false, true]);
    expect((await at.as('dev', 'audit', 'FIX-1')).json.events).toEqual(
      expect.arrayContaining([expect.objectContaining({ type: 'remark', text: 'lead: Be brief.' })]),
    );
  });

  test('who the policy does not know may look, and not act; the operator is told what to do', async () => {
    const file = await start();
    await at.as('dev', 'run', file, '--detach');
    const waiting = await world.until('FIX-1', ({ status, state }) => status === 'waiting' && state === 'ReviewGate');
    const runId = waiting.runId;
    const acts = [
      ['run', file],
      ['retry', runId],
      ['approve', runId],
      ['reject', runId, 'no'],
      ['revise', runId, 'else'],
      ['answer', runId, 'yes'],
      ['cancel', runId],
      ['pause'],
      ['resume'],
    ];
    for (const act of acts) {
      const said = await at.as('stranger', ...act);
      expect([act[0], said.code, said.json.error]).toEqual([
        act[0],
        2,
        expect.objectContaining({ name: 'PersonUnknown', remedy: expect.stringContaining('people') }),
      ]);
    }
    expect((await at.as('stranger', 'status', runId)).json).toMatchObject({ status: 'waiting' });
    expect((await at.as('second', 'pause')).json).toEqual({ paused: true });
    expect((await at.as('second', 'resume')).json).toEqual({ paused: false });
    expect((await at.as('second', 'reject', runId, 'not this way')).code).toBe(0);
    await world.until('FIX-1', ({ status }) => status === 'rejected').catch(() => undefined);
    expect((await at.as('second', 'status', runId)).json).toMatchObject({ status: 'rejected' });
    const again = await at.as('dev', 'retry', runId, '--detach');
    expect(again.json).toMatchObject({ attempt: 2, taskId: 'FIX-1' });
    await world.until('FIX-1', ({ attempt, status }) => attempt === 2 && status === 'waiting');
    expect((await at.as('second', 'cancel', String(again.json.runId))).code).toBe(0);
    await world.until('FIX-1', ({ attempt, status }) => attempt === 2 && status === 'cancelled');
  });

  test('a spec that nobody merged is not run, whoever asks; one for another repository neither', async () => {
    await start();
    const other = at.file('FIX-1.yaml', pushedSpec(world.github, { instructions: 'Delete everything.' }));
    const refused = await at.as('lead', 'run', other);
    expect(refused).toMatchObject({ code: 2, json: { error: { name: 'PolicyRefused' } } });
    const foreign = at.file('FIX-1.yaml', pushedSpec(world.github, { repository: 'else/where' }));
    expect((await at.as('lead', 'run', foreign)).json).toMatchObject({ error: { name: 'DeliveryRefused' } });
    expect((await at.as('lead', 'run', at.file('x.yaml', 'task_id: X'))).json).toMatchObject({
      error: { name: 'SpecInvalid' },
    });
    expect(await world.runs.list()).toEqual([]);
  });

  test('no stack, no credentials, no permission, no deployment that answers: exit 4, each with its remedy', async () => {
    await start();
    const error = async (said: Promise<{ code: number | null; json: Record<string, unknown> }>) => {
      const { code, json } = await said;
      return [code, (json.error as { name: string }).name, (json.error as { remedy: string }).remedy];
    };
    const list = ['--json', 'list', '--stack', 'Drydock'];
    expect(await error(at.start('lead', ['--json', 'list', '--stack', 'Other']).said)).toEqual([
      4,
      'StackUnavailable',
      expect.stringContaining('--region'),
    ]);
    const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_SESSION_TOKEN: '' };
    expect(await error(at.start('lead', list, none).said)).toEqual([
      4,
      'SecretMissing',
      expect.stringContaining('Log in'),
    ]);
    expect(await error(at.start('lead', list, { AWS_SECRET_ACCESS_KEY: 'another' }).said)).toEqual([
      4,
      'ServiceRefused',
      expect.stringContaining('grantApprove'),
    ]);
    expect(await error(at.start('lead', list, { AWS_REGION: '' }).said)).toEqual([
      2,
      'UsageError',
      expect.stringContaining('--region'),
    ]);
    expect(await error(at.as('lead', 'approve', 'X', '--as', 'second'))).toEqual([
      2,
      'UsageError',
      expect.stringContaining('IAM'),
    ]);
    at.address.version = '9.9.9';
    // Turned away for its rate, it asks again.
    at.api.faults.push(429);
    const odd = await at.as('lead', 'list');
    expect([odd.code, odd.json, odd.stderr]).toEqual([0, { runs: [] }, expect.stringContaining('9.9.9')]);
    at.address.operate = 'http://example.com/operate';
    expect((await error(at.as('lead', 'list'))).slice(0, 2)).toEqual([4, 'StackUnavailable']);
  });
});
