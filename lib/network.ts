import { Fn, type RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { FlowLogs } from './flow-logs.ts';
import { ImageEndpoints } from './image-endpoints.ts';
import { NameFirewall } from './name-firewall.ts';
import { gatewayPort } from './names.ts';
import { https, nowhere } from './rules.ts';

export interface NetworkProps {
  /** Availability zones, 1 to 3. Each further one costs two more interface endpoints a month. */
  zones: number;
  /** Name of the repository that images are pulled from. */
  images: string;
  /** Of the flow logs. */
  removalPolicy: RemovalPolicy;
}

const ranges = { sandbox: '10.201.0.0/20', egress: '10.201.16.0/20' } as const;

/** A network of its own with one subnet and one route table per zone. */
interface Side {
  vpc: ec2.CfnVPC;
  subnets: ec2.CfnSubnet[];
  tables: ec2.CfnRouteTable[];
}

/**
 * Two networks. The sandbox's has no internet or NAT gateway: its routes lead to the gateway's network, its endpoints to
 * what an image pull needs. The gateway's has public subnets. Written with plain resources: the ready-made VPC asks the
 * account for its zones as soon as a stack names its account.
 */
export class Network extends Construct {
  readonly sandboxSubnets: string[];
  readonly sandboxGroup: string;
  readonly gatewaySubnets: string[];
  readonly gatewayGroup: string;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const sandbox = this.#side('Sandbox', ranges.sandbox, props.zones);
    const egress = this.#side('Egress', ranges.egress, props.zones);
    this.#openToInternet(egress);
    const peering = this.#peer(sandbox, egress);

    const group = (name: string, side: Side, groupDescription: string): ec2.CfnSecurityGroup =>
      new ec2.CfnSecurityGroup(this, name, {
        vpcId: side.vpc.ref,
        groupDescription,
        securityGroupEgress: name === 'GatewayGroup' ? [toInternet] : [nowhere],
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
    // A group of the other network can be named only while the two are peered.
    for (const rule of [out, into]) rule.addResourceDependency(peering);

    new ImageEndpoints(this, 'Images', {
      vpc: sandbox.vpc.ref,
      subnets: sandbox.subnets.map((subnet) => subnet.ref),
      tables: sandbox.tables.map((table) => table.ref),
      sandboxGroup: sandboxGroup.attrGroupId,
      images: props.images,
    });
    new NameFirewall(this, 'Names', { vpc: sandbox.vpc.ref });
    for (const [name, side] of Object.entries({ SandboxFlows: sandbox, EgressFlows: egress }))
      new FlowLogs(this, name, { vpc: side.vpc.ref, removalPolicy: props.removalPolicy });

    this.sandboxSubnets = sandbox.subnets.map((subnet) => subnet.ref);
    this.gatewaySubnets = egress.subnets.map((subnet) => subnet.ref);
    this.sandboxGroup = sandboxGroup.attrGroupId;
    this.gatewayGroup = gatewayGroup.attrGroupId;
  }

  #side(name: string, cidrBlock: string, zones: number): Side {
    const vpc = new ec2.CfnVPC(this, name, { cidrBlock, enableDnsSupport: true, enableDnsHostnames: true });
    const blocks = Fn.cidr(cidrBlock, 4, '8');
    const subnets: ec2.CfnSubnet[] = [];
    const tables: ec2.CfnRouteTable[] = [];
    for (let zone = 0; zone < zones; zone++) {
      const subnet = new ec2.CfnSubnet(this, `${name}Subnet${zone}`, {
        vpcId: vpc.ref,
        availabilityZone: Fn.select(zone, Fn.getAzs()),
        cidrBlock: Fn.select(zone, blocks),
        mapPublicIpOnLaunch: false,
      });
      const table = new ec2.CfnRouteTable(this, `${name}Routes${zone}`, { vpcId: vpc.ref });
      new ec2.CfnSubnetRouteTableAssociation(this, `${name}Association${zone}`, {
        subnetId: subnet.ref,
        routeTableId: table.ref,
      });
      subnets.push(subnet);
      tables.push(table);
    }
    return { vpc, subnets, tables };
  }

  #openToInternet(egress: Side): void {
    const gateway = new ec2.CfnInternetGateway(this, 'Internet');
    const attached = new ec2.CfnVPCGatewayAttachment(this, 'InternetAttachment', {
      vpcId: egress.vpc.ref,
      internetGatewayId: gateway.ref,
    });
    egress.tables.forEach((table, zone) => {
      new ec2.CfnRoute(this, `EgressToInternet${zone}`, {
        routeTableId: table.ref,
        destinationCidrBlock: '0.0.0.0/0',
        gatewayId: gateway.ref,
      }).addResourceDependency(attached);
    });
  }

  #peer(sandbox: Side, egress: Side): ec2.CfnVPCPeeringConnection {
    const peering = new ec2.CfnVPCPeeringConnection(this, 'Peering', {
      vpcId: sandbox.vpc.ref,
      peerVpcId: egress.vpc.ref,
    });
    const route = (name: string, table: ec2.CfnRouteTable, destinationCidrBlock: string): void => {
      new ec2.CfnRoute(this, name, {
        routeTableId: table.ref,
        destinationCidrBlock,
        vpcPeeringConnectionId: peering.ref,
      });
    };
    sandbox.tables.forEach((table, zone) => {
      route(`SandboxToEgress${zone}`, table, ranges.egress);
    });
    egress.tables.forEach((table, zone) => {
      route(`EgressToSandbox${zone}`, table, ranges.sandbox);
    });
    return peering;
  }
}

const toInternet = { ...https, cidrIp: '0.0.0.0/0', description: 'models, registries, code hosts' };
