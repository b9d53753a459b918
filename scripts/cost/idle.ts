import type { Item, Prices } from './prices.ts';
import { priceOf } from './prices.ts';
import { resourcesOf, type Template } from './template.ts';

/** Hours per month in the price calculator of AWS. */
const hours = 730;
const gigabytes = {
  /** Two images, compressed: a toolchain with agents, and the gateway. */
  images: 2,
  tables: 0.1,
  bucket: 1,
  /** Only the reconciler and refused connections write logs while there are no runs. */
  logs: 0.1,
};
/** Each invocation of the reconciler, with nothing to do. */
const look = { runs: (hours * 60) / 5, seconds: 2, memoryGb: 1, reads: 40, kmsRequests: 4 };
/** Builds of the images: the gateway and one toolchain take about this long on two cores of ARM. */
const builds = { minutes: 12, days: 7 };
/** An event source mapping polls its queue with five pollers, each for twenty seconds. */
const polls = (hours * 3_600 * 5) / 20;

/** Resources that cost money without being used: count and description by resource type. */
const standing: Record<string, (all: Record<string, unknown>[], price: (name: string) => number) => Item> = {
  'AWS::EC2::VPCEndpoint': (all, price) => {
    const zones = all
      .filter(({ VpcEndpointType }) => VpcEndpointType === 'Interface')
      .map(({ SubnetIds }) => (SubnetIds as unknown[]).length);
    const count = zones.reduce((sum, each) => sum + each, 0);
    const usd = count * hours * price('interfaceEndpointHour');
    return { name: 'Interface endpoints of ECR', usd, reason: `${count} × ${hours} h; the endpoint of S3 is free` };
  },
  'AWS::EC2::NatGateway': (all, price) => ({
    name: 'NAT gateways',
    usd: all.length * hours * price('natGatewayHour'),
    reason: `${all.length} × ${hours} h`,
  }),
  'AWS::KMS::Key': (all, price) => ({
    name: 'KMS key',
    usd: all.length * price('kmsKeyMonth') + look.runs * look.kmsRequests * price('kmsRequest'),
    reason: `${all.length} key; each of its first two yearly rotations adds a dollar a month`,
  }),
  'AWS::SecretsManager::Secret': (all, price) => ({
    name: 'Secrets',
    usd: all.length * price('secretMonth'),
    reason: `${all.length} secrets`,
  }),
  'AWS::CloudWatch::Alarm': (all, price) => {
    const metrics = all.map(
      ({ Metrics }) => (Metrics as { MetricStat?: unknown }[] | undefined)?.filter(isMetric).length ?? 1,
    );
    const count = metrics.reduce((sum, each) => sum + each, 0);
    return {
      name: 'Alarms',
      usd: count * price('alarmMetricMonth'),
      reason: `${all.length} alarms on ${count} metrics`,
    };
  },
  'AWS::CloudWatch::Dashboard': (all, price) => ({
    name: 'Dashboard',
    usd: all.length * price('dashboardMonth'),
    reason: 'free where the account has fewer than three',
  }),
  'AWS::Logs::MetricFilter': (all, price) => {
    const names = all.flatMap(({ MetricTransformations }) =>
      (MetricTransformations as { MetricName: string }[]).map(({ MetricName }) => MetricName),
    );
    // Several logs may have one metric.
    const count = new Set(names).size;
    return { name: 'Metrics from logs', usd: count * price('customMetricMonth'), reason: `${count} metrics` };
  },
  'AWS::Route53Resolver::FirewallDomainList': (all, price) => {
    const domains = all.reduce((sum, { Domains }) => sum + (Domains as unknown[]).length, 0);
    return { name: 'DNS firewall', usd: domains * price('firewallDomainMonth'), reason: `${domains} domains` };
  },
  'AWS::Lambda::Function': (_all, price) => {
    const seconds = look.runs * look.seconds * look.memoryGb;
    return {
      name: 'Reconciler',
      usd: look.runs * price('lambdaRequest') + seconds * price('lambdaGigabyteSecond'),
      reason: `${look.runs} times ${look.seconds} s; other functions cost by run`,
    };
  },
  'AWS::Lambda::EventSourceMapping': (all, price) => ({
    name: 'Asking the queue of webhooks',
    usd: all.length * polls * price('queueRequest'),
    reason: `${polls} times, five pollers, twenty seconds each`,
  }),
  'AWS::DynamoDB::Table': (all, price) => ({
    name: 'Tables',
    usd: gigabytes.tables * price('dynamoGigabyteMonth') + look.runs * look.reads * price('dynamoRead'),
    reason: `${all.length} tables, ${gigabytes.tables} GB, read by the reconciler`,
  }),
  'AWS::S3::Bucket': (_all, price) => ({
    name: 'Artifacts',
    usd: gigabytes.bucket * price('bucketGigabyteMonth'),
    reason: `${gigabytes.bucket} GB`,
  }),
  'AWS::ECR::Repository': (_all, price) => ({
    name: 'Images',
    usd: gigabytes.images * price('imageGigabyteMonth'),
    reason: `${gigabytes.images} GB`,
  }),
  'AWS::CodeBuild::Project': (_all, price) => {
    const times = hours / 24 / builds.days;
    return {
      name: 'Builds of the images',
      usd: times * builds.minutes * price('armBuildMinute'),
      reason: `every ${builds.days} days, ${builds.minutes} minutes each`,
    };
  },
  'AWS::Logs::LogGroup': (_all, price) => ({
    name: 'Logs',
    usd: gigabytes.logs * price('logGigabyte'),
    reason: `${gigabytes.logs} GB taken in`,
  }),
};
const isMetric = (entry: { MetricStat?: unknown }): boolean => entry.MetricStat !== undefined;

/** Resource types that cost nothing without being used. */
const free =
  /^(AWS::(IAM|SSM|Events|ApiGatewayV2|ECS|StepFunctions|SQS)::|AWS::EC2::(FlowLog|InternetGateway|Route|RouteTable|SecurityGroup|SecurityGroupEgress|SecurityGroupIngress|Subnet|SubnetRouteTableAssociation|VPC|VPCGatewayAttachment|VPCPeeringConnection)$|AWS::Lambda::(EventInvokeConfig|LayerVersion|Permission|Version)$|AWS::Route53::RecordSet$|AWS::Route53Resolver::(FirewallRuleGroup|FirewallRuleGroupAssociation)$|AWS::S3::BucketPolicy$|AWS::SecretsManager::RotationSchedule$|AWS::CDK::Metadata$|Custom::(EcsServiceRole|S3PrefixList)$)/;

/**
 * Cost per month in US dollars without any run, highest first.
 * @throws Error for a resource type without a known cost.
 */
export function idleItems(templates: Template[], prices: Prices): Item[] {
  const types = new Set(templates.flatMap(({ Resources }) => Object.values(Resources).map(({ Type }) => Type)));
  const unknown = [...types].filter((type) => !standing[type] && !free.test(type));
  if (unknown.length > 0) throw new Error(`scripts/cost/idle.ts does not know what costs: ${unknown.join(', ')}`);
  return Object.entries(standing)
    .filter(([type]) => types.has(type))
    .map(([type, item]) => item(resourcesOf(templates, type), priceOf(prices)))
    .sort((a, b) => b.usd - a.usd);
}
