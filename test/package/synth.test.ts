import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTableRequests } from '../../adapters/aws/dynamo/tables.ts';
import { eventFunctions, functionNames, pascal } from '../../lib/names.ts';
import { stepNames } from '../../pipeline/payloads.ts';
import { taskMachine } from '../../pipeline/task.machine.ts';
import {
  ofType,
  only,
  type Resource,
  readTemplate,
  roleStatements,
  root,
  statementsOf,
  statementsOfRole,
  synthesize,
  type Template,
  text,
  writeBundles,
} from './template.ts';

const folder = mkdtempSync(join(tmpdir(), 'drydock-synth-'));
const [first, second] = ['first', 'second'].map((name) => join(folder, name)) as [string, string];
let kept: Template;
let run: Template;

beforeAll(async () => {
  const bundles = writeBundles(join(folder, 'bundles'));
  for (const outdir of [first, second]) mkdirSync(outdir);
  await Promise.all([first, second].map((outdir) => synthesize(outdir, { bundles })));
  kept = readTemplate(first, 'DrydockState');
  run = readTemplate(first, 'Drydock');
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Logical id of a step's function, whatever its hash is. */
const functionId = (name: string): string => {
  const ids = ofType(run, 'AWS::Lambda::Function').map(([id]) => id);
  return ids.find((id) => new RegExp(`^DrydockControl${pascal(name)}Function[0-9A-F]{8}$`).test(id)) ?? `no ${name}`;
};
const definition = () => JSON.parse(text(only(run, 'AWS::StepFunctions::StateMachine').DefinitionString)) as object;

describe('the synthesized templates', () => {
  test('come out byte-equal twice, every file, without credentials (R38)', () => {
    const digests = (outdir: string): string[] =>
      readdirSync(outdir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((file) => `${relative(outdir, file)} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`)
        .sort();
    expect(digests(first).length).toBeGreaterThan(functionNames.length);
    expect(digests(second)).toEqual(digests(first));
  });

  test('are found without fault by the validation of the CDK', () => {
    const file = join(first, 'validation-report.json');
    const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : {};
    expect(JSON.stringify(report)).not.toMatch(/"status":\s*"failure"|"violations":\s*\[\{/);
  });

  test('stay under 80 % of what CloudFormation takes', () => {
    for (const template of [kept, run]) {
      expect(Object.keys(template.Resources).length).toBeLessThan(400);
      expect(Object.keys(template.Parameters).length).toBeLessThan(160);
      expect(Object.keys(template.Outputs ?? {}).length).toBeLessThan(160);
      expect(Buffer.byteLength(JSON.stringify(template, null, 1))).toBeLessThan(800_000);
    }
  });

  test('ask for nothing of the account but the parameters that the state writes', () => {
    const parameters = Object.values(run.Parameters).filter(({ Type }) => Type !== 'String');
    const read = parameters.map(({ Default }) => String(Default));
    const written = ofType(kept, 'AWS::SSM::Parameter').map(([, { Name }]) => String(Name));
    expect(read.filter((name) => !name.startsWith('/cdk-bootstrap/')).sort()).toEqual(written.sort());
  });
});

describe('the state machine', () => {
  test('is the one that the embedded engine runs (law 1)', () => {
    expect(definition()).toEqual(
      JSON.parse(JSON.stringify(taskMachine((step) => `<${functionId(step)}.Arn>`))) as object,
    );
  });

  test('may invoke every function it names, and no other', () => {
    const named = [...JSON.stringify(definition()).matchAll(/"FunctionName":"(<[^"]+>)"/g)].map((match) => match[1]);
    const role = text(only(run, 'AWS::StepFunctions::StateMachine').RoleArn).slice(1, -5);
    const invokes = statementsOfRole(run, role).filter(({ actions }) => actions.includes('lambda:InvokeFunction'));
    expect(new Set(named).size).toBe(stepNames.length);
    expect([...new Set(invokes.flatMap(({ resources }) => resources))].sort()).toEqual([...new Set(named)].sort());
  });

  test('has a timeout on each task', () => {
    const { States } = definition() as { States: Record<string, { Type: string; TimeoutSeconds?: unknown }> };
    const tasks = Object.values(States).filter(({ Type }) => Type === 'Task');
    expect(tasks.length).toBeGreaterThan(10);
    expect(tasks.filter(({ TimeoutSeconds }) => TimeoutSeconds === undefined)).toEqual([]);
  });

  test('logs no data of an execution', () => {
    const { LoggingConfiguration } = only(run, 'AWS::StepFunctions::StateMachine');
    expect(LoggingConfiguration).toMatchObject({ IncludeExecutionData: false });
  });

  test('answers tokens under the name that the functions were given', () => {
    const machine = only(run, 'AWS::StepFunctions::StateMachine');
    const arns = new Set(
      roleStatements(run)
        .filter(({ actions }) => actions.includes('states:SendTaskSuccess'))
        .flatMap(({ resources }) => resources),
    );
    expect([...arns]).toEqual([
      `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:${text(machine.StateMachineName)}`,
    ]);
  });
});

describe('the functions', () => {
  test('are one per step and per event, each with a log that ends and no secret in its environment', () => {
    const ours = functionNames.map(functionId);
    const all = new Map(ofType(run, 'AWS::Lambda::Function'));
    for (const id of ours) {
      const { Architectures, Environment, LoggingConfig, Handler, Timeout } = all.get(id) ?? {};
      expect({ id, Architectures, Handler, Timeout }).toEqual({
        id,
        Architectures: ['arm64'],
        Handler: 'index.handler',
        Timeout: 300,
      });
      expect((LoggingConfig as { LogGroup?: unknown }).LogGroup).toBeDefined();
      const { Variables } = Environment as { Variables: Record<string, unknown> };
      expect(Object.keys(Variables).filter((name) => !/^DRYDOCK_[A-Z_]+$/.test(name))).toEqual([]);
      expect(JSON.stringify(Variables)).not.toContain('resolve:secretsmanager');
    }
    // The one that is not ours asks for the prefix list of S3, once per deployment.
    expect([...all.keys()].filter((id) => !ours.includes(id))).toEqual([expect.stringMatching(/^AWS679f53fac/)]);
  });

  test('that are called by events have dead letters, and an alarm on them', () => {
    const { Arn: queue, id } = { Arn: 'Arn', id: ofType(run, 'AWS::SQS::Queue')[0]?.[0] };
    for (const name of eventFunctions) {
      const [, properties] = ofType(run, 'AWS::Lambda::Function').find(([each]) => each === functionId(name)) ?? [];
      expect(text((properties?.DeadLetterConfig as { TargetArn: unknown }).TargetArn)).toBe(`<${id}.${queue}>`);
    }
    const [target] = only(run, 'AWS::Events::Rule').Targets as { DeadLetterConfig: { Arn: unknown } }[];
    expect(text(target?.DeadLetterConfig.Arn)).toBe(`<${id}.${queue}>`);
    expect(JSON.stringify(only(run, 'AWS::CloudWatch::Alarm').Dimensions)).toContain(id);
  });

  test('launch only where a phase begins, and read the keys of models only there', () => {
    const who = (action: string, resource = ''): string[] =>
      functionNames.filter((name) => {
        const [, properties] = ofType(run, 'AWS::Lambda::Function').find(([id]) => id === functionId(name)) ?? [];
        const role = text(properties?.Role).slice(1, -5);
        return statementsOfRole(run, role).some(
          ({ actions, resources }) =>
            actions.includes(action) && (resource === '' || resources.some((each) => each.includes(resource))),
        );
      });
    expect(who('ecs:RunTask')).toEqual(['plan', 'build', 'verify']);
    expect(who('iam:PassRole')).toEqual(['plan', 'build', 'verify']);
    expect(who('secretsmanager:GetSecretValue', 'drydockmodels')).toEqual(['plan', 'build']);
    expect(who('secretsmanager:GetSecretValue', 'drydockdeployment')).toEqual(['plan', 'build', 'verify']);
  });
});

describe('permissions', () => {
  test('name each action, and `*` resources only as this list explains', () => {
    const statements = [...roleStatements(run), ...roleStatements(kept)].filter(({ effect }) => effect === 'Allow');
    expect(statements.length).toBeGreaterThan(100);
    expect(statements.flatMap(({ actions }) => actions).filter((action) => action.includes('*'))).toEqual([]);
    const everything = statements
      .filter(({ resources }) => resources.includes('*'))
      .map(({ of, actions }) => `${of.replace(/[0-9A-F]{8}$/, '')}: ${actions.join(' ')}`);
    expect([...new Set(everything)].sort()).toEqual([
      // deliveries of logs have no ARN in IAM
      'DrydockControlMachineRoleDefaultPolicy: logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups',
      // traces have none either
      'DrydockControlMachineRoleDefaultPolicy: xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets',
      // EC2 lists its prefix lists as a whole
      'DrydockNetworkImagesS3AddressesCustomResourcePolicy: ec2:DescribeManagedPrefixLists',
      // a token of the registry is for no repository in particular
      'DrydockSandboxGatewayExecutionRoleDefaultPolicy: ecr:GetAuthorizationToken',
      'DrydockSandboxSandboxExecutionRoleDefaultPolicy: ecr:GetAuthorizationToken',
    ]);
  });

  test('of endpoints are pinned to this account, this repository and the layers', () => {
    const endpoints = ofType(run, 'AWS::EC2::VPCEndpoint');
    expect(endpoints.map(([, { ServiceName }]) => text(ServiceName)).sort()).toEqual([
      'com.amazonaws.<AWS::Region>.ecr.api',
      'com.amazonaws.<AWS::Region>.ecr.dkr',
      'com.amazonaws.<AWS::Region>.s3',
    ]);
    for (const [id, { PolicyDocument, ServiceName }] of endpoints) {
      const statements = statementsOf(id, PolicyDocument);
      expect(statements.length).toBeGreaterThan(0);
      for (const { actions, resources, conditions } of statements) {
        if (text(ServiceName).endsWith('.s3')) {
          expect(actions).toEqual(['s3:GetObject']);
          expect(resources).toEqual(['arn:<AWS::Partition>:s3:::prod-<AWS::Region>-starport-layer-bucket/*']);
          continue;
        }
        expect(conditions).toEqual({ StringEquals: { 'aws:PrincipalAccount': { Ref: 'AWS::AccountId' } } });
        if (!actions.includes('ecr:GetAuthorizationToken')) {
          expect(resources).toEqual([expect.stringMatching(/:repository\/<SsmParameterValuedrydockimages/)]);
        }
      }
    }
  });
});

describe('the network of the sandbox', () => {
  const vpc = (name: 'Sandbox' | 'Egress'): string =>
    ofType(run, 'AWS::EC2::VPC').find(([id]) => id.startsWith(`DrydockNetwork${name}`))?.[0] ?? '';
  const within = (type: string, name: 'Sandbox' | 'Egress') =>
    ofType(run, type).filter(([, { VpcId }]) => text(VpcId) === `<${vpc(name)}>`);

  test('has no way to the internet: no gateway, no NAT, no route but the peering', () => {
    expect(ofType(run, 'AWS::EC2::NatGateway')).toEqual([]);
    expect(within('AWS::EC2::VPCGatewayAttachment', 'Sandbox')).toEqual([]);
    expect(within('AWS::EC2::VPCGatewayAttachment', 'Egress')).toHaveLength(1);
    const tables = within('AWS::EC2::RouteTable', 'Sandbox').map(([id]) => `<${id}>`);
    expect(tables).toHaveLength(1);
    const routes = ofType(run, 'AWS::EC2::Route').filter(([, { RouteTableId }]) => tables.includes(text(RouteTableId)));
    expect(routes.map(([, { RouteTableId: _table, ...route }]) => route)).toEqual([
      { DestinationCidrBlock: '10.201.16.0/20', VpcPeeringConnectionId: { Ref: expect.stringContaining('Peering') } },
    ]);
  });

  test('lets a sandbox out to the gateway, the image endpoints and the layers only', () => {
    const groups = within('AWS::EC2::SecurityGroup', 'Sandbox');
    expect(groups).toHaveLength(2);
    for (const [, { SecurityGroupEgress }] of groups) {
      expect(SecurityGroupEgress).toEqual([
        expect.objectContaining({ CidrIp: '255.255.255.255/32', IpProtocol: 'icmp' }),
      ]);
    }
    const egress = ofType(run, 'AWS::EC2::SecurityGroupEgress').map(([, rule]) => rule);
    expect(
      egress.map((rule) => [text(rule.GroupId).replace(/[0-9A-F]{8}\.GroupId>$/, ''), rule.FromPort, rule.ToPort]),
    ).toEqual(
      Array.from({ length: 3 }, (_, i) => ['<DrydockNetworkSandboxGroup', i === 0 ? 8443 : 443, i === 0 ? 8443 : 443]),
    );
    expect(egress.filter((rule) => 'CidrIp' in rule || 'CidrIpv6' in rule)).toEqual([]);
    const ingress = only(run, 'AWS::EC2::SecurityGroupIngress');
    expect(text(ingress.SourceSecurityGroupId)).toMatch(/SandboxGroup/);
    expect(text(ingress.GroupId)).toMatch(/GatewayGroup/);
  });

  test('answers three names and no other, and none when the firewall fails', () => {
    const lists = new Map(ofType(run, 'AWS::Route53Resolver::FirewallDomainList'));
    const rules = only(run, 'AWS::Route53Resolver::FirewallRuleGroup').FirewallRules as Record<string, unknown>[];
    const domains = rules
      .sort((a, b) => Number(a.Priority) - Number(b.Priority))
      .map((rule) => [
        rule.Action,
        (lists.get(text(rule.FirewallDomainListId).slice(1, -4))?.Domains as unknown[] | undefined)?.map(text),
      ]);
    expect(domains).toEqual([
      [
        'ALLOW',
        [
          'api.ecr.<AWS::Region>.<AWS::URLSuffix>',
          '<AWS::AccountId>.dkr.ecr.<AWS::Region>.<AWS::URLSuffix>',
          'prod-<AWS::Region>-starport-layer-bucket.s3.<AWS::Region>.<AWS::URLSuffix>',
        ],
      ],
      ['BLOCK', ['*']],
    ]);
    const { FirewallFailOpen, ResourceId } = only(run, 'AWS::Route53Resolver::FirewallConfig');
    expect([FirewallFailOpen, text(ResourceId)]).toEqual(['DISABLED', `<${vpc('Sandbox')}>`]);
    expect(text(only(run, 'AWS::Route53Resolver::FirewallRuleGroupAssociation').VpcId)).toBe(`<${vpc('Sandbox')}>`);
  });

  test('keeps what both networks refused', () => {
    const flows = ofType(run, 'AWS::EC2::FlowLog').map(([, { ResourceId, TrafficType }]) => [
      text(ResourceId),
      TrafficType,
    ]);
    expect(flows.sort()).toEqual([vpc('Egress'), vpc('Sandbox')].map((id) => [`<${id}>`, 'REJECT']).sort());
  });
});

describe('the tasks', () => {
  const task = (name: 'Sandbox' | 'Gateway') =>
    ofType(run, 'AWS::ECS::TaskDefinition').find(([id]) => id.includes(`${name}Task`))?.[1] ?? {};
  const container = (name: 'Sandbox' | 'Gateway') =>
    (task(name).ContainerDefinitions as Record<string, unknown>[])[0] ?? {};

  test('of the sandbox have no role and no log driver', () => {
    expect(task('Sandbox')).not.toHaveProperty('TaskRoleArn');
    expect(container('Sandbox')).not.toHaveProperty('LogConfiguration');
    expect(container('Sandbox')).not.toHaveProperty('Secrets');
    expect(container('Sandbox')).not.toHaveProperty('Environment');
  });

  test.each([
    'Sandbox',
    'Gateway',
  ] as const)('of the %s run on ARM64, as nobody, on a root that cannot be written', (name) => {
    expect(task(name)).toMatchObject({
      NetworkMode: 'awsvpc',
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
    });
    expect(task(name).ContainerDefinitions).toHaveLength(1);
    expect(container(name)).toMatchObject({
      ReadonlyRootFilesystem: true,
      User: '1000:1000',
      LinuxParameters: { Capabilities: { Drop: ['ALL'] } },
    });
    expect(container(name)).not.toHaveProperty('Privileged');
  });

  test('have the size that the policy gives a phase', () => {
    expect([task('Sandbox').Cpu, task('Sandbox').Memory]).toEqual(['2048', '4096']);
  });
});

describe('what is kept', () => {
  test('are the tables that one machine has, recoverable and not to be deleted', () => {
    const shape = (table: Record<string, unknown>) => ({
      BillingMode: table.BillingMode,
      KeySchema: table.KeySchema,
      AttributeDefinitions: table.AttributeDefinitions,
      GlobalSecondaryIndexes: table.GlobalSecondaryIndexes,
    });
    const tables = ofType(kept, 'AWS::DynamoDB::Table');
    const asked = createTableRequests({ runs: 'Runs', ledger: 'Ledger', gates: 'Gates' });
    expect(tables).toHaveLength(asked.length);
    for (const request of asked) {
      const [, table] = tables.find(([id]) => id.startsWith(`Storage${request.TableName}`)) ?? [];
      expect(shape(table ?? {})).toEqual(shape({ ...request }));
      expect(table).toMatchObject({
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      });
    }
  });

  test('is private and encrypted', () => {
    expect(only(kept, 'AWS::S3::Bucket')).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }],
      },
    });
    const plain = statementsOf('bucket', only(kept, 'AWS::S3::BucketPolicy').PolicyDocument);
    expect(plain.filter(({ effect }) => effect === 'Deny').length).toBeGreaterThan(0);
    expect(plain.filter(({ effect }) => effect === 'Allow')).toEqual([]);
    expect(only(run, 'AWS::SQS::Queue')).toMatchObject({ SqsManagedSseEnabled: true });
    expect(only(kept, 'AWS::ECR::Repository')).toMatchObject({ ImageTagMutability: 'IMMUTABLE' });
    expect(only(kept, 'AWS::KMS::Key')).toMatchObject({ EnableKeyRotation: true });
    const secrets = ofType(kept, 'AWS::SecretsManager::Secret');
    expect(secrets).toHaveLength(3);
    for (const [, secret] of secrets) expect(secret).toHaveProperty('KmsKeyId');
  });

  test('has logical ids that never change: a new id would be a new, empty table', async () => {
    const held = (template: Template): string[] =>
      Object.entries(template.Resources)
        .filter(([, resource]: [string, Resource]) => resource.DeletionPolicy === 'Retain')
        .map(([id, { Type }]) => `${Type} ${id}`)
        .sort();
    const lines = [...held(kept).map((line) => `DrydockState ${line}`), ...held(run).map((line) => `Drydock ${line}`)];
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(join(root, 'test/golden/retained-ids.txt'));
  });

  test('has logs that end', () => {
    const groups = [...ofType(run, 'AWS::Logs::LogGroup'), ...ofType(kept, 'AWS::Logs::LogGroup')];
    expect(groups.length).toBeGreaterThan(functionNames.length);
    expect(groups.filter(([, { RetentionInDays }]) => typeof RetentionInDays !== 'number')).toEqual([]);
  });
});
