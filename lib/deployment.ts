import { dirname, resolve } from 'node:path';
import type { App, Stack } from 'aws-cdk-lib';
import { Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { defined } from '../core/defined.ts';
import type { DeploymentSettings } from '../core/deployment/settings.ts';
import type { DrydockProps } from './drydock.ts';
import type { Images } from './props/images.ts';
import { addStacks, type Stacks } from './stacks.ts';

type Network = NonNullable<DeploymentSettings['sandbox_network']>;

/**
 * The two stacks as a file of settings describes them.
 * @param file Path of that file, the base of the policy's path. @param contexts Folder of the images' build contexts.
 */
export function addDeployment(
  app: App,
  settings: DeploymentSettings,
  { file, bundles, contexts }: { file: string; bundles?: string | undefined; contexts: string },
): Stacks {
  const { region, account, pages, encryption_key: key } = settings;
  const stacks = addStacks(app, {
    name: settings.name,
    policy: resolve(dirname(file), settings.policy),
    images: (settings.images ?? {}) as Images,
    ...(region === undefined && account === undefined ? {} : { env: defined({ region, account }) }),
    ...(key === undefined ? {} : { encryptionKey: (scope) => kms.Key.fromKeyArn(scope, 'Key', key) }),
    ...defined({ domain: domainOf(settings), guardDuty: settings.guard_duty }),
    ...defined({ bundles, zones: settings.zones, zoneNames: settings.zone_names, ranges: settings.ranges }),
    ...(pages === undefined
      ? {}
      : {
          oidc: {
            issuer: pages.issuer,
            clientId: pages.client,
            ...defined({ clientSecret: pages.client_secret, url: pages.url }),
          },
        }),
    ...(settings.image_builds === false ? {} : { imageBuilds: { contexts, ...defined(settings.image_builds ?? {}) } }),
    more: (scope) => propsIn(scope, settings),
  });
  const { approve = [], setup = [] } = settings.roles ?? {};
  const roleOf = (arn: string): iam.IRole => {
    const id = `Role${arn.replaceAll(/[^A-Za-z0-9]/g, '')}`;
    return (stacks.run.node.tryFindChild(id) as iam.IRole | undefined) ?? iam.Role.fromRoleArn(stacks.run, id, arn);
  };
  for (const arn of approve) stacks.drydock.grantApprove(roleOf(arn));
  for (const arn of setup) stacks.drydock.grantSetup(roleOf(arn));
  return stacks;
}

const domainOf = ({ domain }: DeploymentSettings): DrydockProps['domain'] =>
  domain && { name: domain.name, certificate: domain.certificate, ...defined({ hostedZone: domain.hosted_zone }) };

function propsIn(
  scope: Stack,
  { sandbox_network, egress, alarms, boundary }: DeploymentSettings,
): Partial<DrydockProps> {
  const topic = alarms && topicOf(scope, alarms);
  return {
    ...(sandbox_network === undefined ? {} : { vpc: networkOf(scope, 'SandboxNetwork', sandbox_network, 'isolated') }),
    ...(egress === undefined
      ? {}
      : {
          egress: {
            ...(egress.network === undefined
              ? {}
              : { vpc: networkOf(scope, 'EgressNetwork', egress.network, egress.public ? 'public' : 'private') }),
            ...defined({ proxyUrl: egress.proxy_url }),
          },
        }),
    ...(topic === undefined ? {} : { alarmTopic: topic }),
    ...(boundary === undefined
      ? {}
      : { permissionsBoundary: iam.ManagedPolicy.fromManagedPolicyArn(scope, 'Boundary', boundary) }),
  };
}

function networkOf(scope: Stack, id: string, network: Network, kind: 'isolated' | 'private' | 'public'): ec2.IVpc {
  const { subnets, route_tables: tables } = network;
  return ec2.Vpc.fromVpcAttributes(scope, id, {
    vpcId: network.id,
    vpcCidrBlock: network.range,
    availabilityZones: network.zones,
    [`${kind}SubnetIds`]: subnets,
    [`${kind}SubnetRouteTableIds`]: tables,
  });
}

function topicOf(scope: Stack, { topic, email }: NonNullable<DeploymentSettings['alarms']>): sns.ITopic {
  if (topic !== undefined) return sns.Topic.fromTopicArn(scope, 'AlarmTopic', topic);
  const made = new sns.Topic(scope, 'AlarmTopic', { displayName: 'Drydock alarms', enforceSSL: true });
  made.addSubscription(new EmailSubscription(email ?? ''));
  Validations.of(made).acknowledge({
    id: 'AwsSolutions::AwsSolutions-SNS2',
    reason:
      'CloudWatch cannot publish to a topic under the key that AWS manages; an alarm holds names and figures only.',
  });
  return made;
}
