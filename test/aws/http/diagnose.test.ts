/** `doctor --aws`: each finding has a row that makes it; the function is the bundle, its calls are checked against its role. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Check } from '../../../core/doctor/finding.ts';
import { encodeCall } from '../../../pipeline/api/answer.ts';
import { notAllowed } from '../../support/aws/allowed.ts';
import { startAppApi } from '../../support/aws/app-api.ts';
import { AwsRefusal, type JsonOperation } from '../../support/aws/call.ts';
import { iamOf, type Reached, reach } from '../../support/aws/reach.ts';
import { functionId, ofType, statementsOfRole, synthesizeHere, text } from '../../support/aws/template.ts';
import { type AwsWorld, createAwsWorld } from '../../support/aws-world.ts';
import { people } from '../../support/github-world.ts';

let world: AwsWorld;
let at: Reached;
const github = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:github';
const [models, deployment] = ['models', 'deployment'].map((name) => github.replace(/github$/, name)) as [
  string,
  string,
];
const stored: Record<string, string> = {};
/** What a deployment finds that lacks nothing; each test takes something away. */
const well: Record<string, JsonOperation> = {
  'secretsmanager:GetSecretValue': ({ SecretId }) => {
    const SecretString = stored[String(SecretId)];
    if (SecretString === undefined) throw new AwsRefusal('ResourceNotFoundException', 'gone');
    return { SecretString };
  },
  'ecr:DescribeImages': () => ({ imageDetails: [{}] }),
  'monitoring:DescribeAlarms': () => ({ MetricAlarms: [] }),
  'servicequotas:GetServiceQuota': () => ({ Quota: { Value: 100 } }),
  'lambda:GetAccountSettings': () => ({ AccountLimit: { UnreservedConcurrentExecutions: 900 } }),
  'ses:GetEmailIdentity': () => ({ VerifiedForSendingStatus: true }),
  'ses:GetAccount': () => ({ SendingEnabled: true, ProductionAccessEnabled: true }),
  'sqs:GetQueueAttributes': () => ({ Attributes: { ApproximateNumberOfMessages: '0' } }),
};
const app = {
  hook: {
    url: 'https://api.example.com/webhook',
    content_type: 'json',
    insecure_ssl: '0',
    secret: '********',
  } as object,
  deliveries: [] as object[],
  status: 200,
  installed: true,
};
let good: Record<string, string>;

beforeAll(async () => {
  world = await createAwsWorld({
    policy: {
      people: { lead: { ...people.lead, iam: iamOf.lead }, second: { ...people.second }, dev: people.dev },
      notify: { email: { from: 'drydock@example.com' } },
      agents: {
        default: 'codemod',
        profiles: {
          codemod: { kind: 'command', command: ['node'] },
          gemini: { kind: 'acp', command: ['gemini'], provider: 'google', model: 'gemini-2.5-pro' },
        },
      },
    },
  });
  at = await reach(world);
  const api = await startAppApi(app);
  for (const arn of [github, models, deployment]) stored[arn] = world.secrets.text(arn) ?? '';
  stored[github] = JSON.stringify({ ...JSON.parse(stored[github] ?? '{}'), apiUrl: api.url });
  good = { ...stored };
  close = api.close;
});
let close: () => Promise<void> = async () => undefined;
afterAll(async () => {
  await close();
  await at.close();
  await world.close();
});
beforeEach(() => {
  Object.assign(world.operations, well);
  Object.assign(stored, good);
  app.hook = { ...app.hook, url: 'https://api.example.com/webhook', content_type: 'json', secret: '********' };
  Object.assign(app, { deliveries: [], status: 200, installed: true });
});

/** A new instance of the function: secrets are held for minutes. */
async function diagnose(): Promise<Check[]> {
  const answer = (await world.call('diagnose', {
    version: '2.0',
    routeKey: 'POST /diagnose',
    requestContext: { authorizer: { iam: { userArn: 'arn:aws:iam::123456789012:user/u' } } },
    body: encodeCall('diagnose', []),
  })) as { body: string };
  expect(answer.body).not.toMatch(/BEGIN RSA|key-of-google|deployment-key/);
  return (JSON.parse(answer.body) as { result: Check[] }).result;
}
const found = async (): Promise<string[]> =>
  (await diagnose()).flatMap(({ name, ok, required }) => (ok ? [] : [`${required ? 'FAIL' : 'warn'} ${name}`]));

describe('a deployment is looked at', () => {
  test('and lacks nothing; the command line says so with exit 0', async () => {
    const { code, json } = await at.as('lead', 'doctor', '--aws');
    expect((json.checks as Check[]).filter(({ ok }) => !ok)).toEqual([]);
    expect([code, json.ok, (json.checks as Check[]).map(({ name }) => name)]).toEqual([
      0,
      true,
      expect.arrayContaining([
        'deployment',
        'policy',
        'people',
        'secret: GitHub App',
        'secret: model key google',
        'image',
      ]),
    ]);
  });

  const answering = (action: string, operation: JsonOperation) =>
    Object.assign(world.operations, { [action]: operation });
  const storing = (arn: string, value: string) => Object.assign(stored, { [arn]: value });
  const gone: JsonOperation = () => {
    throw new AwsRefusal('ImageNotFoundException', 'gone');
  };
  const unknown: JsonOperation = () => {
    throw new AwsRefusal('NotFoundException', 'gone', 404);
  };
  test.each<[string, () => unknown, string[]]>([
    ['no images', () => answering('ecr:DescribeImages', gone), ['FAIL image', 'warn image']],
    ['no App stored', () => delete stored[github], ['FAIL secret: GitHub App']],
    ['an App that is not valid JSON', () => storing(github, 'x'), ['FAIL secret: GitHub App']],
    [
      'a key that is none',
      () => storing(github, JSON.stringify({ ...JSON.parse(good[github] ?? ''), privateKey: 'x' })),
      ['FAIL secret: GitHub App', 'FAIL GitHub App'],
    ],
    ['no key for a model', () => storing(models, '{"openai":"x"}'), ['FAIL secret: model key google']],
    ['no deployment key', () => delete stored[deployment], ['FAIL secret: deployment key']],
    ['an unverified sender', () => answering('ses:GetEmailIdentity', unknown), ['FAIL mail']],
    ['the sandbox of SES', () => answering('ses:GetAccount', () => ({ SendingEnabled: true })), ['warn mail']],
    [
      'few functions at once',
      () =>
        answering('lambda:GetAccountSettings', () => ({
          AccountLimit: { UnreservedConcurrentExecutions: 9 },
        })),
      ['warn functions'],
    ],
    ['few vCPUs', () => answering('servicequotas:GetServiceQuota', () => ({ Quota: { Value: 6 } })), ['warn Fargate']],
    [
      'an alarm that is on',
      () => answering('monitoring:DescribeAlarms', () => ({ MetricAlarms: [{ AlarmName: 'Errors' }] })),
      ['warn alarm'],
    ],
    [
      'dead letters',
      () =>
        answering('sqs:GetQueueAttributes', () => ({
          Attributes: { ApproximateNumberOfMessages: '2' },
        })),
      ['warn dead letters'],
    ],
    ['an App that GitHub does not know', () => Object.assign(app, { status: 401 }), ['FAIL GitHub App']],
    ['an App that is not installed', () => Object.assign(app, { installed: false }), ['FAIL installation']],
    [
      'a webhook that leads elsewhere',
      () => Object.assign(app, { hook: { ...app.hook, url: 'https://old' } }),
      ['FAIL webhook'],
    ],
    [
      'a webhook without a secret',
      () => Object.assign(app, { hook: { ...app.hook, secret: undefined } }),
      ['FAIL webhook'],
    ],
    ['a webhook of forms', () => Object.assign(app, { hook: { ...app.hook, content_type: 'form' } }), ['FAIL webhook']],
    ['another secret', () => Object.assign(app, { deliveries: [{ status_code: 401 }] }), ['FAIL webhook']],
    ['messages that fail', () => Object.assign(app, { deliveries: [{ status_code: 502 }] }), ['warn webhook']],
  ])('and has %s', async (_what, spoil, expected) => {
    spoil();
    expect(await found()).toEqual(expected);
  });

  test('what cannot be looked at is a line, hides nothing else, and ends the command with exit 4', async () => {
    world.operations['monitoring:DescribeAlarms'] = () => {
      throw new AwsRefusal('AccessDeniedException', 'no', 403);
    };
    const { code, json } = await at.as('second', 'doctor', '--aws');
    const bad = (json.checks as Check[]).filter(({ ok }) => !ok);
    expect([code, bad.map(({ name }) => name)]).toEqual([4, ['alarms']]);
    expect((json.checks as Check[]).length).toBeGreaterThan(8);
  });

  test('within what its role allows', () => {
    expect(world.aws.unknown).toEqual([]);
    // The example's policy, which roles are read of, sends no mail; the next test reads those of one that does.
    expect(notAllowed(world.aws.calls).filter((each) => !each.includes(' ses:'))).toEqual([]);
  });
});

test('the role of diagnose reads: no action of it writes, starts or hands on anything', () => {
  const { run } = synthesizeHere({
    policy: { version: 1, people: { lead: {} }, notify: { email: { from: 'a@b.example' } } },
  });
  const [, made] = ofType(run, 'AWS::Lambda::Function').find(([id]) => id === functionId(run, 'diagnose')) ?? [];
  const actions = statementsOfRole(run, text(made?.Role).slice(1, -5)).flatMap((statement) => statement.actions);
  // Its log and its traces.
  const own = /^logs:(CreateLogStream|PutLogEvents)$|^xray:Put/;
  const reads = /:(Get|Describe|List)[A-Z]|^kms:Decrypt$/;
  expect(actions.filter((action) => !own.test(action) && !reads.test(action))).toEqual([]);
  expect(actions).toEqual(expect.arrayContaining(['ses:GetEmailIdentity', 'ses:GetAccount', 'ecr:DescribeImages']));
});
