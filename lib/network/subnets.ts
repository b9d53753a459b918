import { Fn, Token, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { propError } from '../props/prop-error.ts';

/** The ids of one of the two networks, created here or existing. */
export interface Subnets {
  vpc: string;
  cidr: string;
  subnets: string[];
  /** Route tables of the subnets, without duplicates. */
  tables: string[];
}

/**
 * Creates a network with one subnet and one route table per zone; a /20 gives each of at most four zones 1,019 addresses,
 * which cannot be changed later. It uses L1 resources, because `ec2.Vpc` looks up the
 * account's zones as soon as a stack names its account.
 */
export function createSubnets(scope: Construct, name: string, cidr: string, zones: readonly string[]): Subnets {
  const vpc = new ec2.CfnVPC(scope, name, { cidrBlock: cidr, enableDnsSupport: true, enableDnsHostnames: true });
  const blocks = Fn.cidr(cidr, 4, '10');
  const subnets: string[] = [];
  const tables: string[] = [];
  zones.forEach((availabilityZone, zone) => {
    const subnet = new ec2.CfnSubnet(scope, `${name}Subnet${zone}`, {
      vpcId: vpc.ref,
      availabilityZone,
      cidrBlock: Fn.select(zone, blocks),
      mapPublicIpOnLaunch: false,
    });
    if (!Token.isUnresolved(availabilityZone))
      Validations.of(subnet).acknowledge({
        id: 'CloudFormation-Validate::W3010',
        reason: 'The settings name the zone, because Fargate is not in every zone of a region.',
      });
    const table = new ec2.CfnRouteTable(scope, `${name}Routes${zone}`, { vpcId: vpc.ref });
    new ec2.CfnSubnetRouteTableAssociation(scope, `${name}Association${zone}`, {
      subnetId: subnet.ref,
      routeTableId: table.ref,
    });
    subnets.push(subnet.ref);
    tables.push(table.ref);
  });
  return { vpc: vpc.ref, cidr, subnets, tables };
}

/**
 * The subnets of the consumer's existing network.
 * @param prop Name of the prop, for the message. @throws UsageError if its address range or its route tables are
 * unknown.
 */
export function existingSubnets(scope: Construct, prop: string, vpc: ec2.IVpc, subnets: ec2.ISubnet[]): Subnets {
  const tables = subnets.map((subnet) => subnet.routeTable?.routeTableId as string | undefined);
  if (tables.includes(undefined)) {
    throw propError(scope, 'UsageError', `${prop} has subnets without a known route table; set their ids on import.`);
  }
  return {
    vpc: vpc.vpcId,
    cidr: rangeOf(scope, prop, vpc),
    subnets: subnets.map((subnet) => subnet.subnetId),
    tables: [...new Set(tables as string[])],
  };
}

function rangeOf(scope: Construct, prop: string, vpc: ec2.IVpc): string {
  try {
    return vpc.vpcCidrBlock;
  } catch {
    throw propError(scope, 'UsageError', `${prop} has no known address range; set vpcCidrBlock on import.`);
  }
}
