/** `drydock aws up` (issue 12, part 2): from an empty account to a deployment that works, whatever ends it on the way. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ourImages } from '../../support/aws/account.ts';
import { type Operator, operator } from '../../support/aws/operator.ts';
import { ofType, synthesizeHere, type Template } from '../../support/aws/template.ts';
import type { Said } from '../../support/cli.ts';

let templates: Record<string, Template>;
let me: Operator;
let synthesized: Record<string, Template>;
beforeAll(() => {
  const { kept, run } = synthesizeHere();
  synthesized = { DrydockState: kept, Drydock: run };
});
beforeEach(async () => {
  templates = structuredClone(synthesized);
  me = await operator(templates);
});
afterEach(async () => {
  expect(me.aws.unknown).toEqual([]);
  await me.close();
});

const steps = ({ json }: Said) =>
  (json.steps as { name: string; status: string }[]).map(({ name, status }) => [name, status]);
const up = (...more: string[]) => me.run(['--json', 'aws', 'up', '--yes', ...more]).said;
const secret = (part: string) => `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${part}`;

/** What a person does when the command says so. */
const person: Record<string, () => void> = {
  images: () => {
    for (const tag of ourImages) me.account.images.add(tag);
  },
  'model keys': () => void me.account.secrets.set(secret('models'), '{"google":"key-of-google"}'),
  'GitHub App': () => void me.account.secrets.set(secret('github'), '{"appId":1}'),
};

/** Types the command again and again, and does meanwhile what it asks for. */
async function toTheEnd(): Promise<{ said: Said; waited: string[] }> {
  const waited: string[] = [];
  for (;;) {
    const said = await up();
    if (said.code !== 5) return { said, waited };
    const { step } = said.json.waiting as { step: string };
    expect(waited).not.toContain(step);
    waited.push(step);
    person[step]?.();
  }
}

describe('drydock aws up --dry-run', () => {
  test('prints every step of the file, and changes nothing', async () => {
    const changed: string[] = [];
    me.watch = (what) => changed.push(what);
    const { code, stdout, stderr } = await me.run(['aws', 'up', '--dry-run']).said;
    expect(code).toBe(0);
    for (const line of [
      'aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com',
      `bootstrap aws://123456789012/eu-central-1 -c settings=${me.folder}/drydock.aws.yaml`,
      `deploy DrydockState --exclusively -c settings=${me.folder}/drydock.aws.yaml`,
      `wait for CodeBuild, which builds ${ourImages.join(', ')} in the account`,
      'ask for google, without showing it',
      'deploy Drydock --exclusively',
      'drydock github setup --stack Drydock --region eu-central-1',
      'drydock doctor --aws --stack Drydock --region eu-central-1',
    ])
      expect(stdout).toContain(line);
    expect(stdout.match(/would do/g)).toHaveLength(8);
    expect(stderr).toContain('warns   ECS role');
    expect(changed).toEqual([]);
    expect(me.cdk.calls).toEqual([]);
  });

  const withoutCredentials = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
  test.each([
    ['credentials', withoutCredentials, 'No valid AWS credentials'],
    ['a network', { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, 'AWS does not answer'],
  ])('prints the same steps without %s', async (_what, env, says) => {
    const { code, json, stderr } = await me.run(['--json', 'aws', 'up', '--dry-run'], env).said;
    expect([code, (json.steps as unknown[]).length]).toEqual([0, 8]);
    expect(stderr).toContain(says);
    expect(me.aws.calls).toEqual([]);
  });

  test('says without credentials too that a policy needs no key, and that a region builds no images', async () => {
    const bedrock = { agent: 'claude-code', provider: 'bedrock', model: 'anthropic.claude-sonnet-4-20250514-v1:0' };
    me.write(
      { region: 'ca-west-1' },
      {
        providers: { bedrock: { kind: 'bedrock', region: 'us-east-1' } },
        agents: { default: 'a', profiles: { a: bedrock } },
        models: { allow: ['bedrock/*'] },
      },
    );
    const { code, stdout, stderr } = await me.run(['aws', 'up', '--dry-run'], withoutCredentials).said;
    expect(code).toBe(4);
    expect(stdout).toContain('nothing: the policy needs no key');
    expect(stderr).toContain('blocks  images                ca-west-1 has no CodeBuild');
  });
});

describe('drydock aws up', () => {
  test('goes on from step to step, and stops only where a person has to act', async () => {
    const { said, waited } = await toTheEnd();
    expect(waited).toEqual(['model keys', 'GitHub App']);
    expect([said.code, said.json.ok]).toEqual([0, true]);
    expect(steps(said)).toEqual([
      ['ECS role', 'done'],
      ['bootstrap', 'done'],
      ['DrydockState', 'did'],
      ['model keys', 'done'],
      ['Drydock', 'did'],
      ['GitHub App', 'done'],
      ['images', 'did'],
      ['doctor', 'did'],
    ]);
    expect(me.account.made).toEqual({ 'service role': 1, bootstrap: 1, 'stack DrydockState': 1, 'stack Drydock': 1 });
    const [call] = me.cdk.calls;
    expect(call).toMatchObject({
      region: 'eu-central-1',
      args: expect.arrayContaining([expect.stringMatching(/^aws-cdk@2\.\d+\.\d+$/)]),
    });
  });

  test('stops for the images where none are built in the account', async () => {
    me.write({ image_builds: false });
    delete templates.Drydock?.Resources[ofType(templates.Drydock, 'AWS::CodeBuild::Project')[0]?.[0] ?? ''];
    const { said, waited } = await toTheEnd();
    expect([said.code, waited]).toEqual([0, ['images', 'model keys', 'GitHub App']]);
    expect(
      steps(said)
        .map(([name]) => name)
        .indexOf('images'),
    ).toBe(3);
  });

  const changes = [
    'iam:CreateServiceLinkedRole',
    'bootstrap aws://123456789012/eu-central-1',
    'deploy DrydockState',
    'deploy Drydock',
  ];
  test.each(
    changes.flatMap((what) => (['before', 'after'] as const).map((when) => [when, what] as const)),
  )('killed %s `%s`, it comes to the same end, and nothing is made twice', async (when, what) => {
    for (const act of Object.values(person)) act();
    let ended = '';
    me.watch = (each, at) => {
      if (ended !== '' || each !== what || at !== when) return;
      ended = each;
      first.kill();
    };
    const first = me.run(['--json', 'aws', 'up', '--yes']);
    expect([(await first.said).code, ended]).toEqual([null, what]);
    expect((await up()).code).toBe(0);
    expect(me.account.made).toMatchObject({ 'service role': 1, 'stack DrydockState': 1, 'stack Drydock': 1 });
  });
});
