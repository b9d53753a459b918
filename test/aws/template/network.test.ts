import { describe, expect, test } from 'vitest';
import { ofType, only, synthesizeHere, text } from '../../support/aws/template.ts';

const { run } = synthesizeHere();

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

  test('gives no subnet public addresses, of either network: gateways ask for theirs', () => {
    const subnets = ofType(run, 'AWS::EC2::Subnet').map(([, subnet]) => subnet);
    expect(subnets).toHaveLength(2);
    for (const subnet of subnets) expect(subnet).toMatchObject({ MapPublicIpOnLaunch: false });
    expect(subnets.filter((subnet) => 'Ipv6CidrBlock' in subnet)).toEqual([]);
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

  test('answers three names and no other', () => {
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
