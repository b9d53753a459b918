import { describe, expect, test } from 'vitest';
import { needs } from '../../../lib/control/function-permissions.ts';
import type { OidcProps } from '../../../lib/control/pages.ts';
import { functionNames } from '../../../lib/names.ts';
import {
  functionId,
  ofType,
  oidc,
  statementsOfRole,
  synthesizeHere,
  synthesizeStack,
  type Template,
  text,
} from '../../support/aws/template.ts';

const { run } = synthesizeHere({ oidc });
const without = synthesizeHere().run;
const functions = new Map(ofType(run, 'AWS::Lambda::Function'));
const of = (name: string): Record<string, unknown> => functions.get(functionId(run, name)) ?? {};
const variablesOf = (name: string) => (of(name).Environment as { Variables: Record<string, unknown> }).Variables;
const statements = (name: string) => statementsOfRole(run, text(of(name).Role).slice(1, -5));
/** But those that IAM authorizes: test/aws/template/functions.test.ts. */
const routes = (template: Template) =>
  ofType(template, 'AWS::ApiGatewayV2::Route')
    .filter(([, { AuthorizationType }]) => AuthorizationType !== 'AWS_IAM')
    .map(([, { RouteKey }]) => RouteKey);
const allVariables = (template: Template) =>
  ofType(template, 'AWS::Lambda::Function').flatMap(([, { Environment }]) =>
    Object.keys((Environment as { Variables?: object } | undefined)?.Variables ?? {}),
  );

describe('pages (R24)', () => {
  test('are not there without an issuer: no function, no route, no link, no key', () => {
    expect(routes(without)).toContain('POST /webhook');
    expect(routes(without).filter((route) => /proxy|^GET/.test(String(route)))).toEqual([]);
    expect(allVariables(without).filter((name) => /PAGES|OIDC|SESSIONS/.test(name))).toEqual([]);
    expect(ofType(without, 'AWS::SecretsManager::Secret')).toEqual([]);
    expect(functionId(without, 'pages')).toBe('no pages');
    expect(Object.keys(without.Outputs ?? {})).toEqual(['WebhookUrl', 'PolicyDigest']);
  });

  test('are reached by GET and POST alone, beside the webhook', () => {
    const before = new Set(routes(without));
    const added = ofType(run, 'AWS::ApiGatewayV2::Route').filter(
      ([, { RouteKey, AuthorizationType }]) => AuthorizationType !== 'AWS_IAM' && !before.has(RouteKey),
    );
    expect(added.map(([, { RouteKey }]) => RouteKey).sort()).toEqual(['GET /', 'GET /{proxy+}', 'POST /{proxy+}']);
    const integrations = new Map(ofType(run, 'AWS::ApiGatewayV2::Integration'));
    for (const [, { Target }] of added) {
      const { IntegrationUri } = integrations.get(text(Target).replace(/^.*<|>$/g, '')) ?? {};
      expect(text(IntegrationUri)).toBe(`<${functionId(run, 'pages')}.Arn>`);
    }
    expect(text(run.Outputs?.PagesUrl?.Value)).toMatch(
      /^https:\/\/<\w+>\.execute-api\.<AWS::Region>\.<AWS::URLSuffix>$/,
    );
  });

  test('are what every function that tells people links to', () => {
    const linking = functionNames.filter((name) => 'DRYDOCK_PAGES_URL' in variablesOf(name));
    expect(linking).toEqual(functionNames.filter((name) => needs[name].includes('run')));
    const url = synthesizeHere({ oidc: { ...oidc, url: 'https://drydock.example.com' } }).run.Outputs?.PagesUrl?.Value;
    expect(url).toBe('https://drydock.example.com');
  });

  test('may decide, cancel and try again; start no task and read no key but that of their sessions (R16)', () => {
    const actions = statements('pages').flatMap((statement) => statement.actions);
    expect(actions.filter((action) => /^(ecs:Run|iam|sts|ses)/.test(action))).toEqual([]);
    const secrets = statements('pages').filter((each) => each.actions.join() === 'secretsmanager:GetSecretValue');
    expect(secrets.flatMap(({ resources }) => resources)).toEqual([
      expect.stringContaining('drydockgithub'),
      expect.stringContaining('DrydockControlSessionsKey'),
      oidc.clientSecret,
    ]);
    const { clientSecret: _none, ...open } = oidc;
    const template = synthesizeHere({ oidc: open }).run;
    expect(allVariables(template)).not.toContain('DRYDOCK_OIDC_SECRET_ARN');
  });

  test.each<[string, Partial<OidcProps>]>([
    ['an issuer by plain HTTP', { issuer: 'http://login.example.com' }],
    ['an issuer that is no URL', { issuer: 'login.example.com' }],
    ['an issuer with a query', { issuer: 'https://login.example.com/?a' }],
    ['no client', { clientId: ' ' }],
    ['a secret in place of its ARN', { clientSecret: 'very-secret' }],
    ['an ARN without its end', { clientSecret: oidc.clientSecret.slice(0, -7) }],
    ['an address with a path', { url: 'https://drydock.example.com/pages' }],
    ['an address by plain HTTP', { url: 'http://drydock.example.com' }],
  ])('%s is an error with the path of the construct, and no secret in it', (_, change) => {
    const made = () => synthesizeStack({ oidc: { ...oidc, ...change } });
    expect(made).toThrow(
      expect.objectContaining({
        name: 'UsageError',
        message: expect.stringMatching(/^Example\/Pipeline(?!.*very-secret)/),
      }),
    );
  });
});

describe('rotation (R16)', () => {
  const schedules = (template: Template) =>
    new Map(
      ofType(template, 'AWS::SecretsManager::RotationSchedule').map(([id, schedule]) => [
        id.replace(/^.*Rotation|[0-9A-F]{8}$/g, ''),
        schedule,
      ]),
    );

  test('is on a schedule for what can be rotated; a deployment changes no secret', () => {
    expect([...schedules(run).keys()].sort()).toEqual(['DeploymentKey', 'Sessions']);
    expect([...schedules(without).keys()].sort()).toEqual(['DeploymentKey']);
    for (const [, schedule] of schedules(run)) {
      expect(schedule).toMatchObject({
        RotationRules: { AutomaticallyAfterDays: 60 },
        RotateImmediatelyOnUpdate: false,
      });
      expect(text(schedule.RotationLambdaARN)).toBe(`<${functionId(run, 'rotate')}.Arn>`);
    }
  });

  test('waits for the App’s secret where it is made, and is empty, in the same deployment', () => {
    const { template } = synthesizeStack({});
    expect([...schedules(template).keys()]).toEqual(['DeploymentKey']);
  });

  test('is started by Secrets Manager of this account alone, and may change those secrets and nothing else', () => {
    const id = functionId(run, 'rotate');
    const allowed = ofType(run, 'AWS::Lambda::Permission').filter(([, each]) => text(each.FunctionName).includes(id));
    expect(allowed.map(([, { Principal, SourceAccount }]) => [Principal, text(SourceAccount)])).toEqual([
      ['secretsmanager.amazonaws.com', '<AWS::AccountId>'],
    ]);
    const [, secrets, key, ...more] = statements('rotate');
    // Of every function: its traces.
    expect(more.flatMap(({ actions }) => actions)).toEqual(['xray:PutTraceSegments', 'xray:PutTelemetryRecords']);
    expect(secrets?.actions).toEqual([
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'secretsmanager:PutSecretValue',
      'secretsmanager:UpdateSecretVersionStage',
    ]);
    expect(secrets?.resources).toEqual([
      expect.stringContaining('drydockgithub'),
      expect.stringContaining('drydockdeployment'),
      expect.stringContaining('DrydockControlSessionsKey'),
    ]);
    expect(JSON.stringify(key?.conditions)).toContain('secretsmanager.');
    const writers = functionNames.filter((name) =>
      statements(name).some(({ actions }) => actions.includes('secretsmanager:PutSecretValue')),
    );
    // `setup` stores a new App.
    expect(writers.filter((name) => name !== 'setup')).toEqual(['rotate']);
  });
});
