/** What goes wrong while `drydock aws up` changes an account (issue 12, part 2): each end has a name, a reason and a remedy. */
import { PassThrough } from 'node:stream';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openAws } from '../../../adapters/aws/account/client.ts';
import { modelKeysStep } from '../../../cli/commands/aws/model-keys.ts';
import { readSecret } from '../../../cli/terminal/prompt.ts';
import { parsePolicy } from '../../../core/policy/parse.ts';
import { ourImages } from '../../support/aws/account.ts';
import { type Operator, operator, operatorsPolicy } from '../../support/aws/operator.ts';
import { ofType, synthesizeHere, type Template } from '../../support/aws/template.ts';

let templates: Record<string, Template>;
let me: Operator;
beforeAll(() => {
  const { kept, run } = synthesizeHere();
  templates = { DrydockState: kept, Drydock: run };
});
beforeEach(async () => {
  me = await operator({ ...templates });
  for (const tag of ourImages) me.account.images.add(tag);
  for (const part of ['github', 'models']) me.account.secrets.set(secret(part), '{"google":"key-of-google"}');
});
afterEach(async () => {
  expect(me.aws.unknown).toEqual([]);
  await me.close();
});
const secret = (part: string) => `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${part}`;
const up = (...more: string[]) => me.run(['--json', 'aws', 'up', '--yes', ...more]).said;
const last = (stderr: string) => stderr.trim().split('\n').slice(-2);

describe('drydock aws up, when something fails', () => {
  test('says which resource failed first, and why; the next time it comes up', async () => {
    const [[fails] = ['']] = ofType(templates.Drydock as Template, 'AWS::StepFunctions::StateMachine');
    me.failing = fails;
    const first = await up();
    expect([first.code, first.json.error]).toEqual([
      4,
      {
        name: 'DeploymentFailed',
        message: expect.stringContaining(`Drydock: the CDK ended with an error. ${fails} (AWS::`),
        remedy: expect.stringContaining('type the same command again'),
      },
    ]);
    expect(first.stderr).toContain('(the CDK prints its progress here)');
    me.failing = undefined;
    expect((await up()).code).toBe(0);
    expect(me.account.made).toMatchObject({ 'stack DrydockState': 1, 'stack Drydock': 1 });
  });

  test('waits for a deployment that CloudFormation is still at', async () => {
    me.account.deploy('DrydockState', templates.DrydockState as Template);
    const stack = me.account.stacks.get('DrydockState');
    if (stack) stack.status = 'UPDATE_IN_PROGRESS';
    let looks = Number.NaN;
    me.watch = (what, when) => {
      if (what.startsWith('bootstrap') && when === 'after') looks = 0;
    };
    me.asked = (action) => {
      // Two looks whether it is there, and the one that finds it under way.
      if (action === 'cloudformation:DescribeStacks' && ++looks === 4 && stack) stack.status = 'UPDATE_COMPLETE';
    };
    const { code, stderr } = await up();
    expect([code, stderr]).toEqual([0, expect.stringContaining('DrydockState is UPDATE_IN_PROGRESS; waiting')]);
  });

  test('adopts what an earlier stack kept, and makes no empty tables beside it', async () => {
    expect((await up()).code).toBe(0);
    me.account.remove('DrydockState');
    const { code, json } = await up();
    expect(code).toBe(0);
    expect(json.steps).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'DrydockState', status: 'done', detail: expect.stringContaining('adopted') }),
      ]),
    );
    expect(me.account.made['stack DrydockState']).toBe(1);
  });

  test('a build of the images that fails ends it with its log; the next time another one is begun', async () => {
    me.account.images.clear();
    me.account.buildEnds = 'FAILED';
    const first = await up();
    expect([first.code, first.json.error]).toEqual([
      4,
      {
        name: 'DeploymentFailed',
        message: expect.stringContaining('The build images:1 ended (FAILED), and gateway-'),
        remedy: expect.stringContaining('https://logs/images:1'),
      },
    ]);
    me.account.buildEnds = 'SUCCEEDED';
    const second = await up();
    expect([second.code, second.stderr]).toEqual([0, expect.stringContaining('CodeBuild is at images:2; waiting')]);
    expect(me.account.made.build).toBe(1);
  });

  test('a permission that lacks for a change is named', async () => {
    me.account.denied.add('iam:CreateServiceLinkedRole');
    const { code, json } = await up();
    expect([code, json.error]).toEqual([
      4,
      {
        name: 'ServiceRefused',
        message: 'Your role may not call iam:CreateServiceLinkedRole.',
        remedy: expect.stringContaining('Allow iam:CreateServiceLinkedRole'),
      },
    ]);
    expect(me.cdk.calls).toEqual([]);
  });

  test('nothing is changed while a check blocks, or nobody agreed', async () => {
    me.account.vpcs = 5;
    expect(await up()).toMatchObject({ code: 4, json: { ok: false, error: { name: 'CheckFailed' } } });
    me.account.vpcs = 0;
    const { code, json } = await me.run(['--json', 'aws', 'up']).said;
    expect([code, json.error]).toEqual([2, expect.objectContaining({ remedy: expect.stringContaining('--dry-run') })]);
    expect([me.cdk.calls, me.account.made]).toEqual([[], {}]);
  });

  test('another process that made the role meanwhile is as good', async () => {
    me.watch = (what, when) => {
      if (what === 'iam:CreateServiceLinkedRole' && when === 'before') me.account.serviceRole = true;
    };
    expect((await up()).code).toBe(0);
  });

  test('a deployment that does not work ends with what its doctor says', async () => {
    me.diagnosis = [{ name: 'policy', ok: false, required: true, detail: 'no repository', remedy: 'Add one.' }];
    const { code, json, stderr } = await up();
    expect([code, json.error]).toEqual([
      4,
      { name: 'CheckFailed', message: 'policy: no repository', remedy: 'Add one.' },
    ]);
    expect(last(stderr)).toEqual(['CheckFailed: policy: no repository', 'remedy: Add one.']);
  });

  test('without settings, npx or a checkout it says what to do', async () => {
    const { code, json } = await me.run(['--json', 'aws', 'up', '--settings', 'other.yaml']).said;
    expect([code, json.error]).toEqual([2, expect.objectContaining({ name: 'FileUnreadable' })]);
    expect(await me.run(['--json', 'aws', 'up', '--region', 'us-east-1']).said).toMatchObject({
      code: 2,
      json: { error: { name: 'UsageError' } },
    });
    me.write({ region: undefined });
    for (const [args, message] of [
      [[], 'The region of the stack is unknown.'],
      [['--region', 'mars'], 'The region mars is invalid.'],
    ] as const) {
      const { code: exit, json: said } = await me.run(['--json', 'aws', 'up', ...args]).said;
      const remedy = expect.stringContaining(`write \`region\` in ${me.folder}/drydock.aws.yaml`);
      expect([exit, said.error]).toEqual([2, { name: 'UsageError', message, remedy }]);
    }
    me.write();
    expect(await me.run(['--json', 'aws', 'up', '--yes'], { PATH: '' }).said).toMatchObject({
      code: 4,
      json: { error: { name: 'ToolMissing' } },
    });
  });
});

describe('secrets', () => {
  test('what is typed at the prompt is not shown', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const typed = readSecret(
      { input: Object.assign(input, { isTTY: true, setRawMode: () => input }), output },
      'google: ',
    );
    input.write('key-of-google\r');
    expect(await typed).toBe('key-of-google');
    expect(output.read()?.toString()).toBe('google: \n');
  });

  test('no value is in an output, an argument, or the environment of the CDK that was not there', async () => {
    const { stdout, stderr } = await up();
    expect(`${stdout}${stderr}${JSON.stringify(me.cdk.calls)}`).not.toMatch(/key-of-google|secret-of-admin/);
  });
});

describe('model keys', () => {
  const models = secret('models');
  const step = (change: object, ask: ((question: string) => Promise<string | undefined>) | undefined) => {
    const { policy, problems } = parsePolicy(Buffer.from(JSON.stringify({ ...operatorsPolicy, ...change })));
    if (!policy) throw new Error(JSON.stringify(problems));
    const keys = async () => ({ accessKeyId: 'ADMIN', secretAccessKey: 'secret-of-admin' });
    return modelKeysStep(openAws({ region: 'eu-central-1', keys }, me.aws.url), '/drydock', policy, ask);
  };
  const credentials = { credentials: { acme: { env: 'NPM_ACME_TOKEN', as: 'bearer' } } };
  beforeEach(() => {
    me.account.deploy('DrydockState', templates.DrydockState as Template);
    me.account.secrets.set(models, undefined);
  });

  test('all of them are asked for, and stored in one write', async () => {
    const asked: string[] = [];
    const ask = async (question: string) => {
      asked.push(question);
      return ` value-${asked.length} `;
    };
    expect(await step(credentials, ask).act()).toBe('stored NPM_ACME_TOKEN, google in the secret ModelKeys');
    expect(JSON.parse(me.account.secrets.get(models) ?? '')).toEqual({ NPM_ACME_TOKEN: 'value-1', google: 'value-2' });
    expect(asked).toHaveLength(2);
    expect(await step(credentials, ask).look()).toMatchObject({ done: true });
  });

  test.each([
    ['who leaves the prompt', {}, async (): Promise<string | undefined> => undefined],
    ['who types nothing', {}, async (): Promise<string | undefined> => '  '],
    ['without a terminal', {}, undefined],
    [
      'of a key that is a file',
      {
        providers: { vertex: { kind: 'vertex', project: 'acme-models', location: 'global' } },
        agents: { default: 'a', profiles: { a: { agent: 'gemini', provider: 'vertex', model: 'gemini-2.5-pro' } } },
        models: { allow: ['vertex/*'] },
      },
      async (): Promise<string | undefined> => 'typed',
    ],
  ])('a person %s is told how to store them, and nothing is stored', async (_, change, ask) => {
    expect(await step(change, ask).act()).toEqual({
      todo: expect.stringContaining(`--secret-id ${models} --secret-string file://`),
    });
    expect(me.account.secrets.get(models)).toBeUndefined();
  });

  test('a write whose answer is lost is found the next time', async () => {
    me.aws.faults.push({ match: ({ action }) => action === 'secretsmanager:PutSecretValue', do: 'lost' });
    const { act, look } = step({}, async () => 'key-of-google');
    await expect(act()).rejects.toThrow();
    expect(await look()).toMatchObject({ done: true });
    expect(me.account.made[`value of ${models}`]).toBe(1);
  });

  test('a policy of Bedrock needs none', async () => {
    const change = {
      providers: { bedrock: { kind: 'bedrock', region: 'eu-central-1' } },
      agents: {
        default: 'a',
        profiles: {
          a: { agent: 'claude-code', provider: 'bedrock', model: 'anthropic.claude-sonnet-4-20250514-v1:0' },
        },
      },
      models: { allow: ['bedrock/*'] },
    };
    expect(await step(change, undefined).look()).toEqual({ done: true, detail: 'the policy needs none' });
  });
});
