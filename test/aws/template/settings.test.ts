/** A deployment as drydock.aws.yaml describes it (AWS-REVIEW F8 to F10, F22, F23, D4). */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { Account } from '../../support/aws/cloudformation.ts';
import {
  ofType,
  only,
  readTemplate,
  root,
  statementsOf,
  type Template,
  text,
  writeBundles,
  writeImageContexts,
} from '../../support/aws/template.ts';
import { examplePolicy, givenNetworks, settingsTemplates } from '../../support/cloudformation/settings.ts';

let folder: string;
let bundles: string;
let contexts: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drydock-settings-'));
  bundles = writeBundles(join(folder, 'bundles'));
  contexts = writeImageContexts(join(folder, 'contexts'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const policy = examplePolicy;
const deployed = settingsTemplates;
const blocks = (template: Template, type: string) => ofType(template, type).map(([, { CidrBlock }]) => CidrBlock);
const role = (name: string) => `arn:aws:iam::123456789012:role/${name}`;

describe('what the file says', () => {
  test('names: two deployments of one account share no resource, parameter or metric', () => {
    const [one, two] = [deployed({}), deployed({ name: 'DrydockDev' })];
    const account = new Account();
    for (const { kept, run } of [one, two]) {
      account.create(kept);
      account.create(run);
    }
    const metrics = ({ run }: typeof one) =>
      ofType(run, 'AWS::Logs::MetricFilter').flatMap(([, filter]) =>
        (filter.MetricTransformations as { MetricNamespace: string }[]).map(({ MetricNamespace }) => MetricNamespace),
      );
    expect([...new Set(metrics(one))]).toEqual(['Drydock/Drydock']);
    expect([...new Set(metrics(two))]).toEqual(['Drydock/DrydockDev']);
    expect(JSON.stringify(two.run.Parameters)).not.toContain('"/drydock/');
  });

  test('ranges and zones by name, with a thousand addresses in each', () => {
    const { run } = deployed({
      zone_names: ['us-west-1a', 'us-west-1c'],
      ranges: { sandbox: '10.50.0.0/20', egress: '10.50.16.0/20' },
    });
    expect(blocks(run, 'AWS::EC2::VPC').sort()).toEqual(['10.50.0.0/20', '10.50.16.0/20']);
    const zones = ofType(run, 'AWS::EC2::Subnet').map(([, { AvailabilityZone }]) => AvailabilityZone);
    expect(zones).toEqual(['us-west-1a', 'us-west-1c', 'us-west-1a', 'us-west-1c']);
    expect(JSON.stringify(blocks(run, 'AWS::EC2::Subnet'))).toContain('["10.50.0.0/20",4,"10"]');
  });

  test('roles, boundary, key', () => {
    const key = 'arn:aws:kms:us-east-1:123456789012:key/0a1b';
    const { kept, run } = deployed({
      roles: { approve: [role('leads')], setup: [role('leads'), role('admins')] },
      boundary: 'arn:aws:iam::123456789012:policy/boundary',
      encryption_key: key,
    });
    const granted = ofType(run, 'AWS::IAM::Policy').flatMap(([id, { Roles, PolicyDocument }]) =>
      (Roles as unknown[]).flatMap((name) =>
        typeof name === 'string'
          ? statementsOf(id, PolicyDocument).flatMap(({ resources }) =>
              resources.flatMap((arn) => /POST\/(\w+)$/.exec(arn)?.[1] ?? []).map((route) => `${name} ${route}`),
            )
          : [],
      ),
    );
    expect(granted.sort()).toEqual(['admins setup', 'leads diagnose', 'leads operate', 'leads setup']);
    const bounds = ofType(run, 'AWS::IAM::Role').map(([, made]) => made.PermissionsBoundary);
    expect(new Set(bounds)).toEqual(new Set(['arn:aws:iam::123456789012:policy/boundary']));
    expect(ofType(kept, 'AWS::KMS::Key')).toEqual([]);
    expect(JSON.stringify(kept.Resources)).toContain(key);
  });

  test('alarms by mail, without a finding of cdk-nag', () => {
    const { run, findings } = deployed({ alarms: { email: 'ops@acme.example' } });
    expect(findings).toEqual([]);
    expect(only(run, 'AWS::SNS::Subscription')).toMatchObject({ Protocol: 'email', Endpoint: 'ops@acme.example' });
    const topic = ofType(run, 'AWS::SNS::Topic').map(([id]) => `<${id}>`);
    for (const [, alarm] of ofType(run, 'AWS::CloudWatch::Alarm'))
      expect((alarm.AlarmActions as unknown[]).map(text)).toEqual(topic);
  });

  test('domain: the addresses of webhook, pages and command line have the name, and stay with the next stack', () => {
    const certificate = 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f';
    const domain = { name: 'drydock.acme.example', certificate };
    const pages = { issuer: 'https://login.example.com', client: 'drydock' };
    const { run, findings } = deployed({ domain: { ...domain, hosted_zone: 'Z0123456789ABC' }, pages });
    expect(findings).toEqual([]);
    expect(only(run, 'AWS::ApiGatewayV2::DomainName')).toMatchObject({
      DomainName: domain.name,
      DomainNameConfigurations: [{ CertificateArn: certificate, EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' }],
    });
    expect(only(run, 'AWS::Route53::RecordSet')).toMatchObject({ Name: domain.name, Type: 'A' });
    const mapping = only(run, 'AWS::ApiGatewayV2::ApiMapping');
    const [mappingId = ''] = ofType(run, 'AWS::ApiGatewayV2::ApiMapping')[0] ?? [];
    expect(run.Resources[mappingId]?.DependsOn).toContain(ofType(run, 'AWS::ApiGatewayV2::Stage')[0]?.[0]);
    expect([mapping.DomainName, text(mapping.ApiId), text(mapping.Stage)]).toEqual([
      { Ref: expect.stringContaining('Domain') },
      `<${ofType(run, 'AWS::ApiGatewayV2::Api')[0]?.[0]}>`,
      '$default',
    ]);
    expect([run.Outputs?.WebhookUrl?.Value, run.Outputs?.PagesUrl?.Value]).toEqual([
      'https://drydock.acme.example/webhook',
      'https://drydock.acme.example',
    ]);
    const [, address] = ofType(run, 'AWS::SSM::Parameter').find(([id]) => id.includes('CommandLine')) ?? [];
    expect(text(address?.Value)).toContain('https://drydock.acme.example/operate');
    expect(run.Outputs?.DomainTarget).toBeUndefined();
    // Without the zone a person makes the record.
    const plain = deployed({ domain }).run;
    expect(ofType(plain, 'AWS::Route53::RecordSet')).toEqual([]);
    expect(text(plain.Outputs?.DomainTarget?.Value)).toMatch(/RegionalDomainName/);
  });

  test.each([
    ['a domain that is a URL', { domain: { name: 'https://acme.example' } }],
    ['a certificate of another service', { domain: { name: 'a.example', certificate: role('x') } }],
    ['a zone by its name', { domain: { name: 'a.example', certificate: role('x'), hosted_zone: 'acme.example' } }],
    ['GuardDuty by a word', { guard_duty: 'on' }],
  ])('not %s', (_, change) => {
    expect(() => deployed(change)).toThrow(/domain|guard_duty/);
  });

  test('guard_duty: its agent may be added to the tasks', () => {
    const tagged = (change: object) => JSON.stringify(only(deployed(change).run, 'AWS::ECS::Cluster').Tags ?? []);
    expect(tagged({})).toContain('GuardDutyManaged');
    expect(tagged({ guard_duty: true })).not.toContain('GuardDutyManaged');
  });

  test('networks that are there: no gateway has a public address, and nothing is made beside them', () => {
    const { run } = deployed(givenNetworks);
    expect(ofType(run, 'AWS::EC2::VPC')).toEqual([]);
    expect(ofType(run, 'AWS::EC2::InternetGateway')).toEqual([]);
    expect(only(run, 'AWS::EC2::VPCPeeringConnection')).toMatchObject({
      VpcId: 'vpc-0a1b2c31',
      PeerVpcId: 'vpc-0a1b2c32',
    });
  });
});

describe('the app', () => {
  const run = (env: Record<string, string>, cwd: string) =>
    promisify(execFile)(
      process.execPath,
      [join(root, 'scripts/synth.ts'), '--bundles', bundles, '--contexts', contexts],
      {
        cwd,
        env: { PATH: '/usr/bin:/bin', HOME: folder, CDK_OUTDIR: join(cwd, 'cdk.out'), ...env },
      },
    ).then(
      () => '',
      ({ stderr }: { stderr: string }) => stderr,
    );
  const empty = () => mkdtempSync(join(folder, 'cwd-'));

  test('deploys no example: under the command line of the CDK it wants a policy', async () => {
    expect(await run({ CDK_CLI_VERSION: '2.1100.0' }, empty())).toMatch(/There is no policy to deploy/);
  });

  test('takes the file of the current folder, and flags override it', async () => {
    const cwd = empty();
    writeFileSync(join(cwd, 'drydock.aws.yaml'), stringify({ version: 1, policy, zones: 2, name: 'DrydockDev' }));
    expect(await run({ CDK_CLI_VERSION: '2.1100.0', CDK_CONTEXT_JSON: '{"zones":"3"}' }, cwd)).toBe('');
    expect(ofType(readTemplate(join(cwd, 'cdk.out'), 'DrydockDev'), 'AWS::EC2::Subnet')).toHaveLength(6);
  });

  test('names the faults of the file', async () => {
    const cwd = empty();
    writeFileSync(join(cwd, 'drydock.aws.yaml'), 'version: 1\npolicy: p.yaml\nzone: 2\n');
    expect(await run({ CDK_CLI_VERSION: '2.1100.0' }, cwd)).toMatch(/drydock\.aws\.yaml:3:1 unknown-key: .*zones/);
  });
});
