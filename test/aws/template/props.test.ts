import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RemovalPolicy, type Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { describe, expect, test } from 'vitest';
import type { PolicyInput } from '../../../core/policy/schema.ts';
import type { DrydockProps } from '../../../lib/drydock.ts';
import {
  type Example,
  ofType,
  only,
  statementsOf,
  statementsOfRole,
  synthesizeStack,
  text,
} from '../../support/aws/template.ts';

const made = synthesizeStack;
const given = 'arn:aws:kms:us-east-1:111122223333:key/12345678-1234-1234-1234-123456789012';
const digest = `sha256:${'ab'.repeat(32)}`;
const own = `sha256:${'cd'.repeat(32)}`;

describe('a prop', () => {
  test('encryptionKey: everything is encrypted under it, and no key is made', () => {
    const { template } = made({}, (stack) => ({
      encryptionKey: kms.Key.fromKeyArn(stack, 'Given', given),
    }));
    expect(ofType(template, 'AWS::KMS::Key')).toEqual([]);
    for (const [, table] of ofType(template, 'AWS::DynamoDB::Table'))
      expect(text((table.SSESpecification as { KMSMasterKeyId: unknown }).KMSMasterKeyId)).toBe(given);
    for (const [, secret] of ofType(template, 'AWS::SecretsManager::Secret')) expect(text(secret.KmsKeyId)).toBe(given);
  });

  test('permissionsBoundary: each role has it, those of the CDK among them', () => {
    const { template } = made({}, (stack) => ({
      permissionsBoundary: iam.ManagedPolicy.fromManagedPolicyName(stack, 'Boundary', 'platform-boundary'),
    }));
    const roles = ofType(template, 'AWS::IAM::Role');
    expect(roles.length).toBeGreaterThan(20);
    expect(roles.filter(([, role]) => !text(role.PermissionsBoundary).endsWith(':policy/platform-boundary'))).toEqual(
      [],
    );
  });

  test('removalPolicy: nothing is kept where it says so, and tables can be deleted', () => {
    const { template } = made({ removalPolicy: RemovalPolicy.DESTROY });
    const kept = Object.entries(template.Resources).filter(([, { DeletionPolicy }]) => DeletionPolicy === 'Retain');
    expect(kept.map(([id]) => id)).toEqual([]);
    for (const [, table] of ofType(template, 'AWS::DynamoDB::Table'))
      expect(table).toMatchObject({ DeletionProtectionEnabled: false });
  });

  test('zones: a subnet of each network in each zone, and an endpoint reaches them all', () => {
    const { template } = made({ zones: 3 });
    expect(ofType(template, 'AWS::EC2::Subnet')).toHaveLength(6);
    const [, endpoint] = ofType(template, 'AWS::EC2::VPCEndpoint').find(([id]) => /EcrApi/.test(id)) ?? ['', {}];
    expect(endpoint.SubnetIds).toHaveLength(3);
    expect(ofType(template, 'AWS::EC2::Route')).toHaveLength(9);
  });

  test('images: only by digest', () => {
    const { template } = made({
      images: { node: digest },
      policy: { ...policy, runtimes: { 'acme/ci:1': `acme/ci@${own}`, 'acme/ci:2': `acme/ci@${own}` } },
    });
    const images = ofType(template, 'AWS::ECS::TaskDefinition').map(([, task]) =>
      text((task.ContainerDefinitions as { Image: unknown }[])[0]?.Image).replace(/^.*>/, ''),
    );
    const version = images.map((image) => /^:gateway-(\d+\.\d+\.\d+)$/.exec(image)?.[1]).find(Boolean);
    const tags = ['gateway', 'go', 'java', 'python', 'rust'].map((name) => `:${name}-${version}`);
    expect(images.sort()).toEqual([...tags, `@${digest}`, `@${own}`]);
    const tasks = JSON.parse(text(variable(template, 'DRYDOCK_SANDBOX_TASKS'))) as Record<string, string>;
    expect(Object.keys(tasks)).toEqual(['node', 'python', 'java', 'go', 'rust', 'acme/ci:1', 'acme/ci:2']);
    expect(tasks['acme/ci:1']).toBe(tasks['acme/ci:2']);
    expect(new Set(Object.values(tasks)).size).toBe(6);
  });

  test('vpc: sandboxes live in it, and no network is made for them', () => {
    const { template } = made({}, (stack) => ({ vpc: isolated(stack) }));
    const egress = only(template, 'AWS::EC2::VPC');
    expect(egress.CidrBlock).toBe('10.201.16.0/20');
    expect(only(template, 'AWS::EC2::VPCPeeringConnection')).toMatchObject({ VpcId: 'vpc-0a0a0a0a0a0a0a0a1' });
    const routes = ofType(template, 'AWS::EC2::Route').map(([, route]) => [
      text(route.RouteTableId),
      route.DestinationCidrBlock,
    ]);
    expect(routes).toContainEqual(['rtb-0a0a0a0a0a0a0a0a1', '10.201.16.0/20']);
    expect(routes).toContainEqual([expect.stringContaining('EgressRoutes0'), '10.9.0.0/16']);
    expect(only(template, 'AWS::Route53Resolver::FirewallRuleGroupAssociation')).toMatchObject({
      VpcId: 'vpc-0a0a0a0a0a0a0a0a1',
    });
    expect(variable(template, 'DRYDOCK_SANDBOX_SUBNETS')).toBe('subnet-0a0a0a0a0a0a0a0a1,subnet-0a0a0a0a0a0a0a0a2');
  });

  test('egress: gateways live in it, behind what the consumer put there', () => {
    const { template } = made({}, (stack) => ({ egress: { vpc: connected(stack) } }));
    expect(ofType(template, 'AWS::EC2::InternetGateway')).toEqual([]);
    expect(only(template, 'AWS::EC2::VPC').CidrBlock).toBe('10.201.0.0/20');
    expect(variable(template, 'DRYDOCK_GATEWAY_SUBNETS')).toBe('subnet-0b0b0b0b0b0b0b0b1');
    const [, group] = ofType(template, 'AWS::EC2::SecurityGroup').find(([id]) => /GatewayGroup/.test(id)) ?? ['', {}];
    expect(group.VpcId).toBe('vpc-0b0b0b0b0b0b0b0b1');
  });

  test('egress.proxyUrl: gateways are told of it and may reach its port; nobody else is', () => {
    const { template } = made({ egress: { proxyUrl: 'http://proxy.corp.example:3128' } });
    const told = ofType(template, 'AWS::ECS::TaskDefinition').filter(([, task]) => text(task).includes('3128'));
    expect(told.map(([id]) => id)).toEqual([expect.stringContaining('GatewayTask')]);
    expect(text(told[0]?.[1] ?? '')).toContain('http://proxy.corp.example:3128');
    const open = ofType(template, 'AWS::EC2::SecurityGroup').filter(([, group]) => text(group).includes('3128'));
    expect(open.map(([id]) => id)).toEqual([expect.stringContaining('GatewayGroup')]);
  });

  test('policy: each set of its service images is a task definition of each sandbox image, and its size counts them', () => {
    const services = {
      'postgres:17': {
        image: `acme/postgres@${digest}`,
        user: '999:999',
        folders: ['/run/postgresql'],
        memory_mb: 2_048,
      },
      'redis:7': { image: `redis@${own}`, user: '999', memory_mb: 512 },
    };
    const { template } = made({ policy: { ...policy, services, limits: { cpu: 2, memory_mb: 4_096 } } });
    const tasks = ofType(template, 'AWS::ECS::TaskDefinition').map(([, task]) => task);
    expect(tasks).toHaveLength(1 + 5 + 5 * 3);
    const node = tasks.filter(({ Family }) => /-node(?:-services-\d)?$/.test(String(Family)));
    const namesOf = (task: Record<string, unknown>): string[] =>
      (task.ContainerDefinitions as { Name: string }[]).map(({ Name }) => Name);
    expect(node.map((task) => [String(task.Family).split('-').at(-1), task.Memory, ...namesOf(task)]).sort()).toEqual([
      ['1', '6144', 'sandbox', 'service-1'],
      ['2', '5120', 'sandbox', 'service-2'],
      ['3', '7168', 'sandbox', 'service-1', 'service-2'],
      ['node', '4096', 'sandbox'],
    ]);
    const both = node.find(({ Family }) => String(Family).endsWith('-services-3')) ?? {};
    expect(both.TaskRoleArn).toBeUndefined();
    const [sandbox, postgres, redis] = both.ContainerDefinitions as Record<string, unknown>[];
    expect(sandbox).toMatchObject({ Essential: true, Memory: 4_096 });
    expect(text(postgres?.Image)).toMatch(new RegExp(`@${digest}$`));
    expect(postgres).toEqual({
      Name: 'service-1',
      Image: postgres?.Image,
      Essential: false,
      Memory: 2_048,
      ReadonlyRootFilesystem: true,
      User: '999:999',
      StopTimeout: 2,
      LinuxParameters: {
        Capabilities: { Drop: ['ALL'] },
        InitProcessEnabled: true,
        Tmpfs: [
          {
            ContainerPath: '/run/postgresql',
            Size: 1_024,
            MountOptions: ['rw', 'noexec', 'nosuid', 'nodev', 'mode=0700', 'uid=999', 'gid=999'],
          },
        ],
      },
    });
    expect(redis).toMatchObject({ User: '999', LinuxParameters: { Tmpfs: [] } });
    const given = JSON.parse(text(variable(template, 'DRYDOCK_SERVICE_TASKS'))) as Record<string, object>;
    expect(given.images).toEqual([digest.slice(7, 19), own.slice(7, 19)]);
    expect(Object.keys(given.revisions ?? {})).toEqual(['node', 'python', 'java', 'go', 'rust']);
    const runs = ofType(template, 'AWS::IAM::Policy')
      .flatMap(([id, { PolicyDocument }]) => statementsOf(id, PolicyDocument))
      .filter(({ actions }) => actions.includes('ecs:RunTask'));
    for (const { resources } of runs) expect(resources.join()).toMatch(/-node:\*.*-\*-services-\*:\*/);
    expect(runs.length).toBeGreaterThan(0);
  });

  test.each([
    [undefined, '512', '1024'],
    [{ cpu: 1, memory_mb: 3_000 }, '1024', '3072'],
    [{ memory_mb: 10_000 }, '2048', '10240'],
  ])('policy: sandbox.gateway %j is the size of the gateway', (gateway, Cpu, Memory) => {
    const { template } = made({ policy: { ...policy, ...(gateway ? { sandbox: { gateway } } : {}) } });
    const [, task] = ofType(template, 'AWS::ECS::TaskDefinition').find(([id]) => id.includes('GatewayTask')) ?? [];
    expect(task).toMatchObject({ Cpu, Memory });
  });

  test('policy: its limits are the size of the sandbox, its sender the one that mail may come from', () => {
    const { template } = made({ policy: { ...policy, limits: { cpu: 4, memory_mb: 20_000, disk_mb: 30_000 } } });
    const [, task] = ofType(template, 'AWS::ECS::TaskDefinition').find(([id]) => /SandboxTask/.test(id)) ?? ['', {}];
    expect(task).toMatchObject({ Cpu: '4096', Memory: '20480', EphemeralStorage: { SizeInGiB: 30 } });
    const mails = (given: Partial<DrydockProps>) =>
      ofType(made(given).template, 'AWS::IAM::Policy')
        .flatMap(([id, { PolicyDocument }]) => statementsOf(id, PolicyDocument))
        .filter(({ actions }) => actions.includes('ses:SendEmail'));
    expect(mails({ policy })).toEqual([]);
    const [mail] = mails({ policy: { ...policy, notify: { email: { from: 'drydock@example.com' } } } });
    expect(mail?.conditions).toEqual({ StringEquals: { 'ses:FromAddress': 'drydock@example.com' } });
    // Every identity: SES asks for that of a recipient too, where the account has one. The condition names the sender.
    expect(mail?.resources.map((arn) => arn.replace(/^.*identity\//, ''))).toEqual(['*']);
  });
});

const sandboxImage = (index: number): [string, string] => [
  `acme/ci:${index}`,
  `acme/ci@sha256:${index}${'0'.repeat(63)}`,
];
const serviceImages = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`x:${index}`, { image: `x@${digest}`, user: '1', memory_mb: 64 }]),
  );
test.each<[string, object, string]>([
  ['more than four images of services', { services: serviceImages(5) }, 'has at most 4'],
  ['a service without a user', { services: { 'redis:7': `redis@${digest}` } }, 'services.redis:7 names no user'],
  [
    'services too large for a task',
    { services: { x: { image: `x@${digest}`, user: '1', memory_mb: 122_880 } } },
    '122880 MiB of services',
  ],
  [
    'more task definitions than a template holds',
    { services: serviceImages(4), runtimes: Object.fromEntries([1, 2, 3].map(sandboxImage)) },
    'make 120 task definitions; the limit is 110',
  ],
])('policy: %s is an error at synth', (_name, change, message) => {
  expect(() => made({ policy: { ...policy, ...change } as PolicyInput })).toThrow(
    expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(message) }),
  );
});

describe("files of the policy's profiles", () => {
  const agents = (files: string) => ({
    profiles: { codemod: { kind: 'command' as const, command: ['node', '/agent/x.mjs'], files } },
  });

  test('go with the functions that start phases, and with no other', () => {
    const folder = mkdtempSync(join(tmpdir(), 'drydock-files-'));
    writeFileSync(join(folder, 'x.mjs'), 'export {};');
    const { template } = made({ policy: { ...policy, agents: agents(folder) } });
    rmSync(folder, { recursive: true });
    const [[layer = ''] = []] = ofType(template, 'AWS::Lambda::LayerVersion').filter(([id]) => id.includes('Agents'));
    const users = ofType(template, 'AWS::Lambda::Function').filter(([, { Layers }]) =>
      text(Layers ?? '').includes(layer),
    );
    const names = users.map(([, { Description }]) => String(Description).split(' ').at(-1));
    expect(layer).not.toBe('');
    expect(names.sort()).toEqual(['build', 'plan', 'reconcile', 'verify']);
    expect(variable(template, 'DRYDOCK_AGENT_FILES')).toBe('/opt/drydock-agents');
  });

  test.each([
    ['are not there', '/nowhere', 'FileUnreadable'],
    ['are meant from nowhere', './codemods', 'UsageError'],
  ])('that %s are an error at synth', (_name, files, error) => {
    expect(() => made({ policy: { ...policy, agents: agents(files) } })).toThrow(
      expect.objectContaining({ name: error, message: expect.stringContaining('codemod') }),
    );
  });
});

describe('Spot', () => {
  test('is off unless the policy says so, and possible in every cluster', () => {
    const { template } = made({});
    expect(variable(template, 'DRYDOCK_SANDBOX_CAPACITY')).toBe('FARGATE');
    expect(only(template, 'AWS::ECS::ClusterCapacityProviderAssociations').CapacityProviders).toEqual([
      'FARGATE',
      'FARGATE_SPOT',
    ]);
    const spot = made({ policy: { ...policy, sandbox: { spot: true } } }).template;
    expect(variable(spot, 'DRYDOCK_SANDBOX_CAPACITY')).toBe('FARGATE_SPOT');
  });
});

describe('a wrong prop', () => {
  test.each<[string, Example, string]>([
    ['zones that are none', () => ({ zones: 0 }), 'UsageError'],
    ['an image by its tag', () => ({ images: { gateway: 'latest' } }), 'UsageError'],
    ['a policy that is not there', () => ({ policy: '/nowhere/policy.yaml' }), 'FileUnreadable'],
    ['a policy with faults', () => ({ policy: { version: 2 } as never }), 'PolicyInvalid'],
    ['a policy for one person', () => ({ policy: { ...policy, review: { solo: true } } }), 'PolicyRefused'],
    ['a folder of one machine', () => ({ policy: { ...policy, guard: { advisories: '/srv/osv' } } }), 'PolicyRefused'],
    [
      'a model provider on the loopback of one machine',
      () => ({
        policy: {
          ...policy,
          providers: { local: { kind: 'openai', base_url: 'http://127.0.0.1:11434/v1', credential: 'none' } },
        },
      }),
      'PolicyRefused',
    ],
    ['no bundles', () => ({ bundles: '/nowhere' }), 'FileUnreadable'],
    ['a network with a way out', (stack) => ({ vpc: connected(stack) }), 'UsageError'],
    ['zones beside a network', (stack) => ({ vpc: isolated(stack), zones: 2 }), 'UsageError'],
    ['a network for gateways without a way out', (stack) => ({ egress: { vpc: isolated(stack) } }), 'UsageError'],
    [
      'more runtimes than fit',
      () => ({
        policy: {
          ...policy,
          runtimes: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`acme/ci:${i}`, `acme/ci@${own}`])),
        },
      }),
      'UsageError',
    ],
    ['a proxy with a password', () => ({ egress: { proxyUrl: 'http://me:hunter2@proxy.example:3128' } }), 'UsageError'],
    ['a proxy without a port', () => ({ egress: { proxyUrl: 'http://proxy.example' } }), 'UsageError'],
    [
      'a gateway that Fargate does not have',
      () => ({ policy: { ...policy, sandbox: { gateway: { cpu: 17 } } } }),
      'UsageError',
    ],
    ['more memory than Fargate has', () => ({ policy: { ...policy, limits: { memory_mb: 200_000 } } }), 'UsageError'],
  ])('(%s) is an error with the path of the construct', (_name, props, error) => {
    expect(() => made({}, props)).toThrow(
      expect.objectContaining({ name: error, message: expect.stringContaining('Example/Pipeline') }),
    );
  });
});

describe('a method', () => {
  test('grantApprove: finds the stack and calls two routes; no right on what is stored (R24)', () => {
    const { template } = made({}, undefined, (stack, drydock) => {
      drydock.grantApprove(new iam.Role(stack, 'Approver', { assumedBy: new iam.AccountRootPrincipal() }));
    });
    const [id] = ofType(template, 'AWS::IAM::Role').find(([each]) => each.startsWith('Approver')) ?? [''];
    const [parameter] = ofType(template, 'AWS::SSM::Parameter').find(([, { Name }]) => Name === address) ?? [''];
    expect(statementsOfRole(template, id).map(({ actions, resources }) => [actions, resources])).toEqual([
      [
        ['ssm:GetParameter'],
        [`arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter/<${parameter}>`.replace('/<', '<')],
      ],
      [
        ['execute-api:Invoke'],
        ['operate', 'diagnose'].map((name) =>
          expect.stringMatching(`^arn:<AWS::Partition>:execute-api:[^*]+:<\\w+>/[$]default/POST/${name}$`),
        ),
      ],
    ]);
  });

  test('the parameter of the stack says where it is reached, and by which version', () => {
    const { template } = made({});
    const [, parameter] = ofType(template, 'AWS::SSM::Parameter').find(([, { Name }]) => Name === address) ?? [];
    const said = JSON.parse(text(parameter?.Value)) as Record<string, string>;
    expect(said.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(said.operate).toMatch(/^https:\/\/<\w+>\.execute-api\.<AWS::Region>\.<AWS::URLSuffix>\/operate$/);
    expect(said.webhook).toBe(said.operate?.replace('/operate', '/webhook'));
  });

  test('metricRunsFailed: counts executions of this machine that failed', () => {
    synthesizeStack({}, undefined, (_stack, drydock) => {
      const { metricName, namespace, dimensions } = drydock.metricRunsFailed().toMetricConfig().metricStat ?? {};
      expect([namespace, metricName, Object.keys(dimensions?.[0] ?? {})]).toEqual([
        'AWS/States',
        'ExecutionsFailed',
        ['name', 'value'],
      ]);
    });
  });
});

/** Of the stack that the examples are in. */
const address = '/drydock/stacks/Example';
const policy = { version: 1 as const, people: { lead: {} }, review: { approvers: ['lead'] } };

const isolated = (stack: Stack): ec2.IVpc =>
  ec2.Vpc.fromVpcAttributes(stack, 'Isolated', {
    vpcId: 'vpc-0a0a0a0a0a0a0a0a1',
    vpcCidrBlock: '10.9.0.0/16',
    availabilityZones: ['us-east-1a', 'us-east-1b'],
    isolatedSubnetIds: ['subnet-0a0a0a0a0a0a0a0a1', 'subnet-0a0a0a0a0a0a0a0a2'],
    isolatedSubnetRouteTableIds: ['rtb-0a0a0a0a0a0a0a0a1', 'rtb-0a0a0a0a0a0a0a0a2'],
  });
const connected = (stack: Stack): ec2.IVpc =>
  ec2.Vpc.fromVpcAttributes(stack, 'Connected', {
    vpcId: 'vpc-0b0b0b0b0b0b0b0b1',
    vpcCidrBlock: '10.8.0.0/16',
    availabilityZones: ['us-east-1a'],
    privateSubnetIds: ['subnet-0b0b0b0b0b0b0b0b1'],
    privateSubnetRouteTableIds: ['rtb-0b0b0b0b0b0b0b0b1'],
    publicSubnetIds: ['subnet-0b0b0b0b0b0b0b0b2'],
    publicSubnetRouteTableIds: ['rtb-0b0b0b0b0b0b0b0b2'],
  });
const variable = (template: Parameters<typeof ofType>[0], name: string): unknown =>
  ofType(template, 'AWS::Lambda::Function')
    .map(
      ([, { Environment }]) => (Environment as { Variables?: Record<string, unknown> } | undefined)?.Variables?.[name],
    )
    .find((value) => value !== undefined);
