import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { deployPolicies, sizeOf } from '../../../scripts/deploy-policy/document.ts';
import { passedTo } from '../../../scripts/deploy-policy/scopes.ts';
import { ofType, root, synthesizeHere, text } from '../../support/aws/template.ts';
import { everySetting, givenNetworks, settingsTemplates } from '../../support/cloudformation/settings.ts';

const { kept, run } = synthesizeHere();
const policies = deployPolicies([kept, run]);
const statements = policies.execution.flatMap(({ Statement }) => Statement);

/** The service of IAM that a type's actions are of, where it is not called as in the type. */
const services: Record<string, string> = {
  ApiGatewayV2: 'apigateway',
  StepFunctions: 'states',
  Route53Resolver: 'route53resolver',
};

describe('the policies for who deploys (least privilege)', () => {
  test('stand in docs/deploy-policy.json as `npm run deploy-policy` writes them', () => {
    expect(JSON.parse(readFileSync(join(root, 'docs/deploy-policy.json'), 'utf8'))).toEqual(policies);
  });

  test('cover the service of each type in the templates; a type that nobody thought of is an error', () => {
    const types = [kept, run].flatMap(({ Resources }) => Object.values(Resources).map(({ Type }) => Type));
    const allowed = new Set(statements.flatMap(({ Action }) => Action.map((action) => action.split(':')[0])));
    const wanted = types.flatMap((type) => /^AWS::(\w+)::/.exec(type)?.[1] ?? []);
    expect(wanted.filter((name) => !allowed.has(services[name] ?? name.toLowerCase()))).toEqual([]);
    expect(() => deployPolicies([{ Resources: { X: { Type: 'AWS::New::Thing' } } }])).toThrow('AWS::New::Thing');
  });

  test('allow what a property needs only where a resource sets it', () => {
    const actionsOf = (templates: Parameters<typeof deployPolicies>[0]) =>
      new Set(
        deployPolicies(templates).execution.flatMap(({ Statement }) => Statement.flatMap(({ Action }) => Action)),
      );
    const plain = actionsOf([kept, run]);
    const { kept: state, run: full } = settingsTemplates(everySetting);
    const added = [...actionsOf([state, full])].filter((action) => !plain.has(action));
    expect(added).toContain('iam:PutRolePermissionsBoundary');
    expect(added).toContain('sns:CreateTopic');
    expect(added).toContain('route53:ChangeResourceRecordSets');
    expect(actionsOf([settingsTemplates(givenNetworks).run])).not.toContain('ec2:CreateVpc');
    const table = { Type: 'AWS::DynamoDB::Table', Properties: { ResourcePolicy: {} } };
    expect([plain, actionsOf([{ Resources: { table } }])].map((all) => all.has('dynamodb:PutResourcePolicy'))).toEqual([
      false,
      true,
    ]);
    const imported = { Type: 'AWS::DynamoDB::Table', Properties: { ImportSourceSpecification: {} } };
    expect(() => actionsOf([{ Resources: { imported } }])).toThrow('no resource for');
  });

  test('name each action; `*` is the resource only where AWS makes up the id', () => {
    expect(statements.flatMap(({ Action }) => Action).filter((action) => action.includes('*'))).toEqual([]);
    const everywhere = statements.filter(({ Resource }) => Resource.includes('*')).flatMap(({ Action }) => Action);
    expect([...new Set(everywhere.map((action) => action.split(':')[0]))].sort()).toEqual([
      'ec2',
      'ecs',
      'kms',
      'lambda',
      'logs',
      'route53resolver',
      'secretsmanager',
    ]);
    expect(everywhere.filter((action) => /^(iam|s3|dynamodb|sts|ssm|sqs|states):/.test(action))).toEqual([]);
    expect(
      everywhere.filter((action) => action.startsWith('lambda:')).every((each) => /EventSourceMapping$/.test(each)),
    ).toBe(true);
    expect(everywhere.filter((action) => action.startsWith('secretsmanager:'))).toEqual([
      'secretsmanager:GetRandomPassword',
    ]);
  });

  test('hand roles of these stacks to the services that the templates name, and to nobody else', () => {
    const trusted = ofType(run, 'AWS::IAM::Role').flatMap(([, role]) =>
      [...JSON.stringify(role.AssumeRolePolicyDocument).matchAll(/"Service":"([\w.-]+)"/g)].map((match) => match[1]),
    );
    expect([...new Set(trusted)].sort()).toEqual(passedTo);
    const [pass, ...more] = statements.filter(({ Action }) => Action.includes('iam:PassRole'));
    expect([pass?.Resource, more]).toEqual([['arn:aws:iam::ACCOUNT:role/Drydock*'], []]);
    const values = statements
      .flatMap(({ Action }) => Action)
      .filter((each) => /GetSecretValue|PutItem|GetItem|AssumeRole$/.test(each));
    expect(values).toEqual([]);
  });

  test('reach the names that the templates give', () => {
    const like = (pattern: string, name: string): boolean =>
      new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(name);
    const covered = (name: string, prefix: string): boolean =>
      statements.some(({ Resource }) =>
        Resource.some((each) => each.includes(prefix) && like(each, `${each.split(prefix)[0]}${prefix}${name}`)),
      );
    const parameters = [...ofType(kept, 'AWS::SSM::Parameter'), ...ofType(run, 'AWS::SSM::Parameter')];
    expect(parameters.map(([, { Name }]) => String(Name)).filter((name) => !covered(name, ':parameter'))).toEqual([]);
    const groups = ofType(run, 'AWS::Logs::LogGroup').flatMap(([id, { LogGroupName }]) =>
      LogGroupName === undefined ? `Drydock-${id}` : text(LogGroupName),
    );
    expect(groups.filter((name) => !covered(name, ':log-group:'))).toEqual([]);
    const secrets = ofType(kept, 'AWS::SecretsManager::Secret').map(([id]) => id);
    expect(secrets.filter((name) => !covered(name, ':secret:'))).toEqual([]);
    const machines = ofType(run, 'AWS::StepFunctions::StateMachine').map(([, { StateMachineName }]) =>
      text(StateMachineName),
    );
    expect(machines.filter((name) => !covered(name, ':stateMachine:'))).toEqual([]);
  });

  test('fit into managed policies of IAM', () => {
    for (const policy of [policies.pipeline, ...policies.execution]) expect(sizeOf(policy)).toBeLessThanOrEqual(6_144);
    expect(policies.execution.length).toBeLessThanOrEqual(4);
  });

  test('let the pipeline itself take on two roles, and do nothing else', () => {
    expect(policies.pipeline.Statement.map(({ Action, Resource }) => [Action, Resource.length])).toEqual([
      [['sts:AssumeRole'], 2],
    ]);
  });
});
