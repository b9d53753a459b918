/** `drydock aws preflight` (issue 12, part 2; AWS-REVIEW F3, F18): each fault of an account has a row, and hides no other one. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bootstrap } from '../../../adapters/aws/account/bootstrap.ts';
import type { Check } from '../../../core/doctor/finding.ts';
import { ourImages } from '../../support/aws/account.ts';
import { type Operator, operator } from '../../support/aws/operator.ts';
import { synthesizeHere, type Template } from '../../support/aws/template.ts';

let me: Operator;
let templates: Record<string, Template>;
beforeAll(() => {
  const { kept, run } = synthesizeHere();
  templates = { DrydockState: kept, Drydock: run };
});
beforeEach(async () => {
  me = await operator(templates);
});
afterEach(async () => {
  expect(me.aws.unknown).toEqual([]);
  await me.close();
});

const secret = (part: string) => `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${part}`;
/** Everything is there and right. */
function ready(): void {
  const { account } = me;
  account.serviceRole = true;
  account.parameters.set(bootstrap.parameter, '28');
  account.deploy('DrydockState', templates.DrydockState as Template);
  for (const tag of ourImages) account.images.add(tag);
  for (const part of ['github', 'models']) account.secrets.set(secret(part), '{}');
}
async function preflight() {
  const { code, json, stderr } = await me.run(['--json', 'aws', 'preflight']).said;
  return { code, json, stderr, checks: (json.checks ?? []) as Check[] };
}
const shown = ({ ok, required }: Check) => (ok ? 'ok' : required ? 'blocks' : 'warns');
const bedrock = (model: string) => ({
  providers: { bedrock: { kind: 'bedrock', region: 'eu-central-1' } },
  agents: { default: 'a', profiles: { a: { agent: 'claude-code', provider: 'bedrock', model } } },
  models: { allow: ['bedrock/*'] },
});
const model = 'anthropic.claude-sonnet-4-20250514-v1:0';
const mail = { notify: { email: { from: 'drydock@acme.example' } } };

interface Fault {
  what: string;
  make: () => void;
  row: string;
  is: 'warns' | 'blocks';
  says: RegExp;
  remedy: RegExp;
}
const faults: Fault[] = [
  {
    what: 'another account than the settings name',
    make: () => me.write({ account: '210987654321' }),
    ...{
      row: 'caller',
      is: 'blocks',
      says: /of account 123456789012; the settings name 210987654321/,
      remedy: /--profile/,
    },
  },
  {
    what: 'no bootstrap',
    make: () => me.account.parameters.delete(bootstrap.parameter),
    ...{
      row: 'bootstrap',
      is: 'warns',
      says: /there is none in eu-central-1/,
      remedy: /npx aws-cdk@[\d.]+ bootstrap aws:\/\/123456789012\/eu-central-1/,
    },
  },
  {
    what: 'an old bootstrap',
    make: () => me.account.parameters.set(bootstrap.parameter, '5'),
    ...{ row: 'bootstrap', is: 'warns', says: /version 5, and 6 is needed/, remedy: /bootstrap aws:/ },
  },
  {
    what: 'an account that never used ECS',
    make: () => {
      me.account.serviceRole = false;
    },
    ...{
      row: 'ECS role',
      is: 'warns',
      says: /no AWSServiceRoleForECS/,
      remedy: /create-service-linked-role --aws-service-name ecs.amazonaws.com/,
    },
  },
  {
    what: 'too few vCPUs for one run',
    make: () => {
      me.account.quotas['L-3032A538'] = 1;
    },
    ...{
      row: 'Fargate',
      is: 'blocks',
      says: /1 vCPU; one run takes/,
      remedy: /Ask for \d+ at https:.*fargate\/quotas\/L-3032A538/,
    },
  },
  {
    what: 'too few vCPUs for all runs of the policy, by the default quota',
    make: () => {
      me.account.quotas['L-3032A538'] = undefined;
      me.write({}, { limits: { cpu: 2, concurrent_runs: 4 } });
    },
    ...{
      row: 'Fargate',
      is: 'warns',
      says: /6 vCPU; one run takes 2.5, and 4 at a time take 10/,
      remedy: /limits.concurrent_runs_total to 2/,
    },
  },
  {
    what: 'too few vCPUs for the runs of all repositories',
    make: () => {
      const repositories = Object.fromEntries(['a', 'b', 'c'].map((name) => [`acme/${name}`, { host: 'github' }]));
      me.write({}, { limits: { cpu: 2, concurrent_runs: 4, concurrent_runs_total: 10 }, repositories });
    },
    ...{
      row: 'Fargate',
      is: 'warns',
      says: /16 vCPU; one run takes 2.5, and 10 at a time take 25/,
      remedy: /Ask for 25 at/,
    },
  },
  {
    what: 'ten concurrent functions',
    make: () => {
      me.account.quotas['L-B99A9384'] = 10;
    },
    ...{ row: 'functions', is: 'warns', says: /10 at a time: enough to deploy/, remedy: /lambda\/quotas\/L-B99A9384/ },
  },
  {
    what: 'fewer functions than deploy',
    make: () => {
      me.account.quotas['L-B99A9384'] = 5;
    },
    ...{ row: 'functions', is: 'blocks', says: /5 at a time; 10 are needed/, remedy: /Ask for 1000/ },
  },
  {
    what: 'no room for two networks',
    make: () => {
      me.account.vpcs = 4;
    },
    ...{
      row: 'networks',
      is: 'blocks',
      says: /4 of 5 VPCs are there, and 2 will be made/,
      remedy: /Ask for 6 at .*vpc\/quotas\/L-F678F1CE/,
    },
  },
  {
    what: 'a zone that is not there',
    make: () => me.write({ zone_names: ['eu-central-1d'] }),
    ...{
      row: 'zones',
      is: 'blocks',
      says: /not available to this account: eu-central-1d/,
      remedy: /eu-central-1a, eu-central-1b/,
    },
  },
  {
    what: 'more zones than there are',
    make: () => {
      me.account.zones = me.account.zones.slice(0, 2);
      me.write({ zones: 3 });
    },
    ...{ row: 'zones', is: 'blocks', says: /has 2, and the settings ask for 3/, remedy: /zone_names/ },
  },
  {
    what: 'a zone without Fargate',
    make: () => {
      me.account.zones = [
        { name: 'us-west-1a', id: 'usw1-az2' },
        { name: 'us-west-1c', id: 'usw1-az1' },
      ];
      me.write({ region: 'us-west-1' });
    },
    ...{ row: 'zones', is: 'blocks', says: /Fargate is not in us-west-1a/, remedy: /zone_names.*: us-west-1c\./ },
  },
  {
    what: 'a stack of somebody else with the name',
    make: () =>
      me.account.deploy('Drydock', {
        ...(templates.DrydockState as Template),
        Description: 'our website',
        Resources: {},
      }),
    ...{ row: 'stack Drydock', is: 'blocks', says: /something else: "our website"/, remedy: /another `name`/ },
  },
  {
    what: 'the kept stack of another deployment with the name',
    make: () => me.write({ name: 'DrydockState' }),
    ...{ row: 'stack DrydockState', is: 'blocks', says: /something else: "Drydock: tables/, remedy: /another `name`/ },
  },
  {
    what: 'a stack that is stuck',
    make: () => {
      const stack = me.account.stacks.get('DrydockState');
      if (stack) stack.status = 'UPDATE_ROLLBACK_FAILED';
    },
    ...{
      row: 'stack DrydockState',
      is: 'blocks',
      says: /UPDATE_ROLLBACK_FAILED/,
      remedy: /console.aws.amazon.com\/cloudformation/,
    },
  },
  {
    what: 'a stack that is being changed',
    make: () => {
      const stack = me.account.stacks.get('DrydockState');
      if (stack) stack.status = 'UPDATE_IN_PROGRESS';
    },
    ...{ row: 'stack DrydockState', is: 'warns', says: /UPDATE_IN_PROGRESS/, remedy: /waits for it/ },
  },
  {
    what: 'kept state without its stack',
    make: () => me.account.remove('DrydockState'),
    ...{ row: 'kept state', is: 'warns', says: /without the stack DrydockState/, remedy: /adopts it/ },
  },
  {
    what: 'parameters that name a table that is gone',
    make: () => me.account.tables.delete('runs'),
    ...{ row: 'kept state', is: 'blocks', says: /names the table runs, which is gone/, remedy: /docs\/operations.md/ },
  },
  {
    what: 'a kept stack whose parameters were deleted',
    make: () => me.account.parameters.delete('/drydock/runs'),
    ...{ row: 'kept state', is: 'blocks', says: /\/drydock\/runs is not/, remedy: /Deploy DrydockState again/ },
  },
  {
    what: 'no images',
    make: () => me.account.images.clear(),
    ...{ row: 'images', is: 'warns', says: /not there yet: gateway-/, remedy: /waits until they are built/ },
  },
  {
    what: 'no images, and none are built in the account',
    make: () => {
      me.account.images.clear();
      me.write({ image_builds: false });
    },
    ...{ row: 'images', is: 'warns', says: /not there yet: gateway-/, remedy: /docs\/images.md, Build by hand/ },
  },
  {
    what: 'a region without CodeBuild',
    make: () => me.write({ region: 'ca-west-1' }),
    ...{ row: 'images', is: 'blocks', says: /ca-west-1 has no CodeBuild/, remedy: /image_builds: false/ },
  },
  {
    what: 'no App',
    make: () => me.account.secrets.set(secret('github'), undefined),
    ...{ row: 'secret GitHubApp', is: 'warns', says: /is empty/, remedy: /github setup/ },
  },
  {
    what: 'no key of a model provider',
    make: () => me.account.secrets.set(secret('models'), undefined),
    ...{ row: 'secret ModelKeys', is: 'warns', says: /is empty/, remedy: /asks for it: google/ },
  },
  {
    what: 'no webhook of Slack',
    make: () => me.write({}, { notify: { slack: {} } }),
    ...{ row: 'secret Slack', is: 'warns', says: /is empty/, remedy: /docs\/rotation.md/ },
  },
  {
    what: 'a sender that SES does not know',
    make: () => me.write({}, mail),
    ...{
      row: 'mail',
      is: 'warns',
      says: /neither drydock@acme.example nor acme.example/,
      remedy: /aws sesv2 create-email-identity/,
    },
  },
  {
    what: 'SES in its sandbox',
    make: () => {
      me.account.identities.add('acme.example');
      me.account.mail = { ProductionAccessEnabled: false, SendingEnabled: true };
      me.write({}, mail);
    },
    ...{ row: 'mail', is: 'warns', says: /sandbox/, remedy: /production access/ },
  },
  {
    what: 'a model without an agreement',
    make: () => {
      me.account.models = { [model]: { agreement: 'NOT_AVAILABLE' } };
      me.write({}, bedrock(model));
    },
    ...{
      row: `model ${model}`,
      is: 'warns',
      says: /no access to it yet \(agreement NOT_AVAILABLE\)/,
      remedy: /aws-marketplace:Subscribe/,
    },
  },
  {
    what: 'a model that is not in the region',
    make: () => {
      me.account.models = { [model]: { region: 'NOT_AVAILABLE' } };
      me.write({}, bedrock(model));
    },
    ...{ row: `model ${model}`, is: 'blocks', says: /is not in eu-central-1/, remedy: /region/ },
  },
  {
    what: 'an inference profile that Bedrock does not know',
    make: () => {
      me.account.models = { [model]: {} };
      me.write({}, bedrock(`eu.${model}`));
    },
    ...{ row: `model eu.${model}`, is: 'blocks', says: /does not know it/, remedy: /model-catalog/ },
  },
  {
    what: 'a model that the role may not use',
    make: () => {
      me.account.models = { [model]: { authorization: 'NOT_AUTHORIZED' } };
      me.write({}, bedrock(model));
    },
    ...{ row: `model ${model}`, is: 'warns', says: /your role may not use it/, remedy: /service control policy/ },
  },
  {
    what: 'a policy with a fault',
    make: () => me.write({}, { review: { approvers: 'nobody' } }),
    ...{ row: 'policy', is: 'blocks', says: /line \d+/, remedy: /policy check/ },
  },
  {
    what: 'a policy for one person',
    make: () => me.write({}, { review: { approvers: ['lead'], required_reviewers: 1, solo: true } }),
    ...{ row: 'policy', is: 'blocks', says: /review.solo/, remedy: /Change the policy/ },
  },
];

describe('drydock aws preflight', () => {
  test('of an account that is ready has nothing but ok', async () => {
    ready();
    const { code, checks, json } = await preflight();
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect([code, json.ok]).toEqual([0, true]);
    expect(checks.map(({ name }) => name)).toEqual([
      ...['caller', 'region', 'policy', 'people', 'bootstrap', 'ECS role', 'stack DrydockState', 'stack Drydock'],
      ...['kept state', 'functions', 'networks', 'zones', 'images', 'Fargate', 'secret GitHubApp', 'secret ModelKeys'],
    ]);
  });

  test.each(faults)('$what: $row $is', async ({ make, row, is, says, remedy }) => {
    ready();
    make();
    const { code, checks } = await preflight();
    const found = checks.find(({ name }) => name === row) as Check;
    expect([shown(found), found.detail, found.remedy]).toEqual([
      is,
      expect.stringMatching(says),
      expect.stringMatching(remedy),
    ]);
    expect(code).toBe(is === 'blocks' ? 4 : 0);
    // One fault hides no row of another check.
    expect(checks.map(({ name }) => name)).toEqual(expect.arrayContaining(['caller', 'zones', 'networks', 'images']));
  });

  test('a permission that lacks is a row that names it, and the other rows are there', async () => {
    ready();
    me.write({}, { ...mail, ...bedrock(model) });
    me.account.models = { [model]: {} };
    const reading = [
      ...['ssm:GetParameter', 'iam:GetRole', 'cloudformation:DescribeStacks', 'servicequotas:GetServiceQuota'],
      ...['ec2:DescribeVpcs', 'ec2:DescribeAvailabilityZones', 'ecr:DescribeImages', 'secretsmanager:DescribeSecret'],
      ...['dynamodb:DescribeTable', 'ses:GetEmailIdentity', 'bedrock:GetFoundationModelAvailability'],
    ];
    const { checks: all } = await preflight();
    for (const action of reading) {
      me.account.denied = new Set([action]);
      const { code, checks, stderr } = await preflight();
      const denied = checks.filter(({ detail }) => detail.includes(action));
      expect(denied.map((check) => [shown(check), check.remedy])).toEqual(
        denied.map(() => ['warns', expect.stringContaining(`Allow ${action} to the role`)]),
      );
      expect([action, denied.length > 0, code, stderr]).toEqual([action, true, 0, '']);
      expect(checks.length).toBeGreaterThan(all.length - denied.length * 2);
    }
    me.account.denied = new Set();
  });

  test('credentials that AWS does not take end it, with what to do', async () => {
    me.aws.faults.push({
      match: ({ action }) => action === 'sts:GetCallerIdentity',
      do: { code: 'ExpiredToken', status: 403 },
    });
    const { code, json } = await preflight();
    expect([code, json.error]).toEqual([
      4,
      expect.objectContaining({ name: 'SecretMissing', remedy: expect.stringContaining('aws sso login') }),
    ]);
  });

  test('an account that is not known is no account that is ready', async () => {
    const unanswered = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };
    const { code, json } = await me.run(['--json', 'aws', 'preflight'], unanswered).said;
    expect([code, json.error]).toEqual([4, expect.objectContaining({ name: 'StackUnavailable' })]);
    me.aws.faults.push({
      match: ({ action }) => action === 'sts:GetCallerIdentity',
      do: { code: 'InternalFailure', status: 500 },
    });
    const failed = await me.run(['--json', 'aws', 'up', '--yes']).said;
    expect([failed.code, failed.json.error]).toEqual([4, expect.objectContaining({ name: 'StackUnavailable' })]);
    expect(me.cdk.calls).toEqual([]);
  });

  test('reads, and changes nothing', async () => {
    me.aws.calls.length = 0;
    await preflight();
    const verbs = new Set(me.aws.calls.map(({ action }) => /:(Get|Describe|List)/.exec(action)?.[1] ?? action));
    expect([...verbs].sort()).toEqual(['Describe', 'Get']);
    // The value of a secret is never read.
    expect(me.aws.calls.map(({ action }) => action)).not.toContain('secretsmanager:GetSecretValue');
  });

  test('knows the version of the bootstrap that the templates ask for', () => {
    const rule = (templates.Drydock as Template & { Rules?: unknown }).Rules;
    const [, last = ''] = /\[\[?((?:"\d+",?)+)\]/.exec(JSON.stringify(rule)) ?? [];
    const refused = [...last.matchAll(/\d+/g)].map(Number);
    expect(Math.max(...refused) + 1).toBe(bootstrap.version);
    expect(JSON.stringify((templates.Drydock as Template).Parameters)).toContain(bootstrap.parameter);
  });
});
