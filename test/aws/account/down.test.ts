/** `drydock aws status` and `down` (issue 12, part 2): what is deployed, and a deletion that loses nothing. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DrydockError } from '../../../core/errors.ts';
import { ourImages } from '../../support/aws/account.ts';
import { type Operator, operator } from '../../support/aws/operator.ts';
import { synthesizeHere, type Template } from '../../support/aws/template.ts';

let templates: Record<string, Template>;
let me: Operator;
let said: string[];
beforeAll(() => {
  const { kept, run } = synthesizeHere();
  templates = { DrydockState: kept, Drydock: run };
});
beforeEach(async () => {
  me = await operator(templates);
  for (const tag of ourImages) me.account.images.add(tag);
  for (const name of ['DrydockState', 'Drydock']) me.account.deploy(name, templates[name] as Template);
  said = [];
  me.service = {
    pause: (paused) => {
      said.push(`pause ${paused}`);
      return { paused };
    },
    cancel: (run) => {
      said.push(`cancel ${run}`);
      me.account.executions = me.account.executions.filter((each) => each !== run);
      return {};
    },
  };
  // CloudFormation deletes in the time between two looks.
  me.asked = (action) => {
    const stack = me.account.stacks.get('Drydock');
    if (action === 'cloudformation:DescribeStacks' && stack?.status === 'DELETE_IN_PROGRESS')
      me.account.remove('Drydock');
  };
});
afterEach(async () => {
  expect(me.aws.unknown).toEqual([]);
  await me.close();
});
const down = (...more: string[]) => me.run(['--json', 'aws', 'down', ...more]).said;
const isThere = () => [...me.account.stacks.keys()].filter((name) => !name.startsWith('arn:'));

describe('drydock aws down', () => {
  test('pauses, deletes the stack, keeps the other one, and says what is kept and how to delete it', async () => {
    const { code, json } = await down('--confirm', 'Drydock');
    expect([code, json.deleted, said]).toEqual([0, true, ['pause true']]);
    expect(isThere()).toEqual(['DrydockState']);
    expect(json.kept).toEqual(
      expect.arrayContaining([
        expect.stringContaining('DrydockState with tables'),
        expect.stringContaining('/drydock/'),
      ]),
    );
    expect(json.remedy).toContain('docs/operations.md, Tear down');
    expect(me.account.parameters.has('/drydock/runs')).toBe(true);
    expect(await down('--confirm', 'Drydock')).toMatchObject({ code: 0, json: { deleted: false } });
  });

  test('refuses while a run is unfinished, however old; --cancel ends it first', async () => {
    me.account.executions = ['r-old', 'r-new'];
    expect(await down('--confirm', 'Drydock')).toMatchObject({
      code: 2,
      json: { error: { name: 'RunUnfinished', message: expect.stringContaining('r-old, r-new') } },
    });
    expect([said, isThere()]).toEqual([[], ['DrydockState', 'Drydock']]);
    expect((await down('--confirm', 'Drydock', '--cancel')).code).toBe(0);
    expect(said).toEqual(['pause true', 'cancel r-old', 'cancel r-new']);
    expect(isThere()).toEqual(['DrydockState']);
  });

  test('cancels every run that it can: one that ended meanwhile is none of them, and one that is refused is told after the others', async () => {
    const { cancel = () => undefined } = me.service;
    const answers: Record<string, DrydockError> = {
      'r-ended': new DrydockError('GateClosed', 'it has already ended: delivered.'),
      'r-damaged': new DrydockError('RecordUnreadable', 'another version wrote it'),
    };
    me.service.cancel = (run, ...more) => {
      const error = answers[String(run)];
      if (error?.name === 'GateClosed') cancel(run, ...more);
      if (error) throw error;
      return cancel(run, ...more);
    };
    me.account.executions = ['r-damaged', 'r-ended', 'r-1'];
    expect(await down('--confirm', 'Drydock', '--cancel')).toMatchObject({
      json: { error: { name: 'RecordUnreadable', message: 'another version wrote it' } },
    });
    expect([me.account.executions, isThere()]).toEqual([['r-damaged'], ['DrydockState', 'Drydock']]);
    me.account.executions = ['r-ended', 'r-1'];
    expect((await down('--confirm', 'Drydock', '--cancel')).code).toBe(0);
    expect(isThere()).toEqual(['DrydockState']);
  });

  test('refuses when a run begins between the look and the pause', async () => {
    me.service.pause = () => {
      me.account.executions = ['r-late'];
      return { paused: true };
    };
    expect(await down('--confirm', 'Drydock')).toMatchObject({ code: 2, json: { error: { name: 'RunUnfinished' } } });
    expect(isThere()).toEqual(['DrydockState', 'Drydock']);
  });

  test('asks for the name, and changes nothing with another one, without one, or in a dry run', async () => {
    for (const more of [[], ['--confirm', 'DrydockState']])
      expect(await down(...more)).toMatchObject({
        code: 2,
        json: { error: { name: 'UsageError', remedy: expect.stringContaining('--confirm Drydock') } },
      });
    me.account.executions = ['r-1'];
    const { code, stdout } = await me.run(['aws', 'down', '--dry-run']).said;
    expect([code, stdout]).toEqual([0, expect.stringContaining('would do  Drydock: aws cloudformation delete-stack')]);
    expect(stdout).toContain('1 unfinished: r-1');
    expect([said, isThere(), me.account.made['delete Drydock']]).toEqual([[], ['DrydockState', 'Drydock'], undefined]);
  });

  test('goes on with a deletion that an earlier command began', async () => {
    const stack = me.account.stacks.get('Drydock');
    if (stack) stack.status = 'DELETE_IN_PROGRESS';
    let looks = 0;
    const asked = me.asked;
    me.asked = (action) => {
      // Not before it was seen under way.
      if (action === 'cloudformation:DescribeStacks' && ++looks > 3) asked(action);
    };
    expect((await down('--confirm', 'Drydock')).code).toBe(0);
    expect(me.account.made).not.toHaveProperty(['delete Drydock']);
  });

  test('needs no person of the policy where no run is unfinished, and one where some are', async () => {
    const refuse = () => {
      throw new Error('not a person of the policy');
    };
    me.service = { pause: refuse, cancel: refuse };
    me.account.executions = ['r-1'];
    expect((await down('--confirm', 'Drydock', '--cancel')).code).not.toBe(0);
    expect(isThere()).toContain('Drydock');
    me.account.executions = [];
    expect((await down('--confirm', 'Drydock')).code).toBe(0);
    expect(isThere()).toEqual(['DrydockState']);
  });

  test('a stack that is not of Drydock is left alone', async () => {
    const stack = me.account.stacks.get('Drydock');
    if (stack) stack.description = 'our website';
    expect(await down('--confirm', 'Drydock')).toMatchObject({ code: 2, json: { error: { name: 'UsageError' } } });
    expect(said).toEqual([]);
  });
});

describe('drydock aws status', () => {
  test('says outputs, versions, whether the policy is that of the file, alarms and unfinished runs', async () => {
    const stack = me.account.stacks.get('Drydock');
    me.account.alarms = [
      { AlarmName: 'Drydock-DrydockAlarmsWaiting1', AlarmDescription: 'a run waits' },
      { AlarmName: 'DrydockDev-DrydockAlarmsWaiting1', AlarmDescription: 'of another deployment' },
    ];
    me.account.executions = ['r-1'];
    const { code, json } = await me.run(['--json', 'aws', 'status']).said;
    expect(code).toBe(0);
    expect(json).toMatchObject({
      deployment: 'Drydock',
      stacks: { Drydock: 'CREATE_COMPLETE', DrydockState: 'CREATE_COMPLETE' },
      outputs: { WebhookUrl: 'value-of-WebhookUrl' },
      versions: { command: '0.1.0', deployed: '0.1.0', missingImages: [] },
      policy: { same: false },
      alarms: [{ name: 'Drydock-DrydockAlarmsWaiting1', says: 'a run waits' }],
      openRuns: ['r-1'],
    });
    const { file } = json.policy as { file: string };
    if (stack) stack.outputs.PolicyDigest = file;
    expect((await me.run(['--json', 'aws', 'status']).said).json.policy).toEqual({ file, deployed: file, same: true });
  });

  test('of what is not deployed is an error with the command that deploys', async () => {
    me.account.remove('Drydock');
    const { code, json } = await me.run(['--json', 'aws', 'status']).said;
    expect([code, json.error]).toEqual([
      4,
      expect.objectContaining({ name: 'StackUnavailable', remedy: expect.stringContaining('drydock aws up') }),
    ]);
  });
});

describe('drydock aws init', () => {
  test('writes settings and a policy that preflight takes, and overwrites nothing', async () => {
    const folder = `${me.folder}/home`;
    const { code, json } = await me.run([
      '--json',
      'aws',
      'init',
      '--policy',
      'new.policy.yaml',
      '--region',
      'eu-west-1',
    ]).said;
    expect([code, json.error]).toEqual([
      2,
      expect.objectContaining({ message: expect.stringContaining('there already') }),
    ]);
    await me.run(['--version']).said;
    const invalid = await me.run(['--json', 'aws', 'init', '--region', 'mars-1'], {}, folder).said;
    expect([invalid.code, invalid.json.error, readdirSync(folder)]).toEqual([
      2,
      expect.objectContaining({ name: 'UsageError', message: expect.stringContaining('a region such as') }),
      expect.not.arrayContaining(['drydock.aws.yaml', 'drydock.policy.yaml']),
    ]);
    const made = await me.run(['--json', 'aws', 'init', '--region', 'eu-central-1'], {}, folder).said;
    expect([made.code, made.json.written]).toEqual([
      0,
      [`${folder}/drydock.aws.yaml`, `${folder}/drydock.policy.yaml`],
    ]);
    expect(readFileSync(`${folder}/drydock.policy.yaml`, 'utf8')).toContain('kind: bedrock, region: eu-central-1');
    const model = 'anthropic.claude-sonnet-4-5-20250929-v1:0';
    me.account.profiles.add(`eu.${model}`);
    me.account.models = { [model]: {} };
    const checked = await me.run(['--json', 'aws', 'preflight'], {}, folder).said;
    const blocking = (checked.json.checks as { ok: boolean; required: boolean }[]).filter((c) => c.required && !c.ok);
    expect([checked.code, checked.json.ok, blocking]).toEqual([0, true, []]);
    rmSync(`${folder}/drydock.aws.yaml`);
    const below = await me.run(['--json', 'aws', 'init', '--policy', 'policies/team.yaml'], {}, folder).said;
    expect([below.code, existsSync(`${folder}/policies/team.yaml`)]).toEqual([0, true]);
  });
});
