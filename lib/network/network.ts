import type { RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { gatewayPort } from '../names.ts';
import { propError } from '../props/prop-error.ts';
import { DnsFirewall } from './dns-firewall.ts';
import { FlowLogs } from './flow-logs.ts';
import { ImageEndpoints } from './image-endpoints.ts';
import { https, nowhere } from './security-rules.ts';
import { createSubnets, existingSubnets, type Subnets } from './subnets.ts';

interface NetworkProps {
  /** Availability zones of the networks that are created here. Each further one adds two interface endpoints. */
  zones: readonly string[];
  /** Address ranges of the networks that are created here. */
  ranges: { sandbox: string; egress: string };
  /** An existing network for the sandboxes: isolated subnets only, and nothing but sandboxes in it. */
  vpc?: ec2.IVpc;
  /** An existing network for the gateways. */
  egress?: ec2.IVpc;
  /** Port of the gateways' proxy, if there is one. */
  proxyPort?: number;
  /** Name of the image repository. */
  images: string;
  /** Removal policy of the flow logs. */
  removalPolicy: RemovalPolicy;
}

/**
 * Two peered networks. The sandbox's network has no internet or NAT gateway: it can reach the gateway's network and the
 * endpoints for image pulls. The gateway's network has public subnets, or is an existing network of the consumer.
 * @throws UsageError for an existing network that is not isolated, or whose route tables or address range are unknown.
 */
export class Network extends Construct {
  readonly sandboxSubnets: string[];
  readonly sandboxGroup: string;
  readonly gatewaySubnets: string[];
  readonly gatewayGroup: string;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const sandbox = props.vpc
      ? this.#isolated(props.vpc)
      : createSubnets(this, 'Sandbox', props.ranges.sandbox, props.zones);
    const egress = props.egress
      ? this.#connected(props.egress, props.proxyPort !== undefined)
      : this.#ownEgress(props.ranges.egress, props.zones);
    const peering = this.#peer(sandbox, egress);

    const group = (name: string, side: Subnets, groupDescription: string): ec2.CfnSecurityGroup =>
      new ec2.CfnSecurityGroup(this, name, {
        vpcId: side.vpc,
        groupDescription,
        securityGroupEgress: name === 'GatewayGroup' ? [toInternet, ...toProxy(props.proxyPort)] : [nowhere],
      });
    const sandboxGroup = group('SandboxGroup', sandbox, 'Drydock sandboxes: to the gateway and to image pulls only');
    const gatewayGroup = group('GatewayGroup', egress, 'Drydock gateways: in from sandboxes only');
    const gatewayTcp = { ipProtocol: 'tcp', fromPort: gatewayPort, toPort: gatewayPort };
    const out = new ec2.CfnSecurityGroupEgress(this, 'SandboxToGateway', {
      groupId: sandboxGroup.attrGroupId,
      destinationSecurityGroupId: gatewayGroup.attrGroupId,
      description: 'to the gateway',
      ...gatewayTcp,
    });
    const into = new ec2.CfnSecurityGroupIngress(this, 'GatewayFromSandbox', {
      groupId: gatewayGroup.attrGroupId,
      sourceSecurityGroupId: sandboxGroup.attrGroupId,
      description: 'from sandboxes',
      ...gatewayTcp,
    });
    // A rule can name a group of the other network only while the two are peered.
    for (const rule of [out, into]) rule.addResourceDependency(peering);

    new ImageEndpoints(this, 'Images', {
      ...sandbox,
      sandboxGroup: sandboxGroup.attrGroupId,
      images: props.images,
      removalPolicy: props.removalPolicy,
    });
    new DnsFirewall(this, 'Names', sandbox);
    for (const [name, { vpc }] of Object.entries({ SandboxFlows: sandbox, EgressFlows: egress }))
      new FlowLogs(this, name, { vpc, removalPolicy: props.removalPolicy });

    this.sandboxSubnets = sandbox.subnets;
    this.gatewaySubnets = egress.subnets;
    this.sandboxGroup = sandboxGroup.attrGroupId;
    this.gatewayGroup = gatewayGroup.attrGroupId;
  }

  /** The DNS firewall resolves names for image pulls only, so nothing else can run in this network. */
  #isolated(vpc: ec2.IVpc): Subnets {
    const out = vpc.publicSubnets.length + vpc.privateSubnets.length;
    if (out > 0 || vpc.isolatedSubnets.length === 0) {
      const has = `${out} subnets with a route out and ${vpc.isolatedSubnets.length} without`;
      throw propError(this, 'UsageError', `vpc has ${has}; sandboxes need a network of isolated subnets only.`);
    }
    return existingSubnets(this, 'vpc', vpc, vpc.isolatedSubnets);
  }

  /** @param proxied With a proxy, isolated subnets are allowed too: the route to the proxy may be private. */
  #connected(vpc: ec2.IVpc, proxied: boolean): Subnets {
    const kinds = [vpc.privateSubnets, vpc.publicSubnets, proxied ? vpc.isolatedSubnets : []];
    const subnets = kinds.find((some) => some.length > 0) ?? [];
    if (subnets.length === 0) throw propError(this, 'UsageError', 'egress.vpc has no subnet with a route out.');
    return existingSubnets(this, 'egress.vpc', vpc, subnets);
  }

  #ownEgress(range: string, zones: readonly string[]): Subnets {
    const egress = createSubnets(this, 'Egress', range, zones);
    const gateway = new ec2.CfnInternetGateway(this, 'Internet');
    const attached = new ec2.CfnVPCGatewayAttachment(this, 'InternetAttachment', {
      vpcId: egress.vpc,
      internetGatewayId: gateway.ref,
    });
    egress.tables.forEach((routeTableId, zone) => {
      new ec2.CfnRoute(this, `EgressToInternet${zone}`, {
        routeTableId,
        destinationCidrBlock: '0.0.0.0/0',
        gatewayId: gateway.ref,
      }).addResourceDependency(attached);
    });
    return egress;
  }

  #peer(sandbox: Subnets, egress: Subnets): ec2.CfnVPCPeeringConnection {
    const peering = new ec2.CfnVPCPeeringConnection(this, 'Peering', { vpcId: sandbox.vpc, peerVpcId: egress.vpc });
    const routes = (name: string, tables: string[], destinationCidrBlock: string): void => {
      tables.forEach((routeTableId, zone) => {
        new ec2.CfnRoute(this, `${name}${zone}`, {
          routeTableId,
          destinationCidrBlock,
          vpcPeeringConnectionId: peering.ref,
        });
      });
    };
    routes('SandboxToEgress', sandbox.tables, egress.cidr);
    routes('EgressToSandbox', egress.tables, sandbox.cidr);
    return peering;
  }
}

const toInternet = { ...https, cidrIp: '0.0.0.0/0', description: 'models, registries, code hosts' };
/** The consumer's routes and rules limit the targets of this port to the proxy. */
const toProxy = (port: number | undefined) =>
  port === undefined || port === https.toPort
    ? []
    : [{ ipProtocol: 'tcp', fromPort: port, toPort: port, cidrIp: '0.0.0.0/0', description: 'the proxy' }];
