import { Fn } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { propError } from '../props/prop-error.ts';

/** One of the two networks, made here or given: ids only. */
export interface Subnets {
  vpc: string;
  cidr: string;
  subnets: string[];
  /** Route tables of those subnets, each once. */
  tables: string[];
}

/**
 * A network of its own with one subnet and one route table per zone. Plain resources: the ready-made VPC asks the
 * account for its zones as soon as a stack names its account.
 */
export function ownSide(scope: Construct, name: string, cidr: string, zones: number): Subnets {
  const vpc = new ec2.CfnVPC(scope, name, { cidrBlock: cidr, enableDnsSupport: true, enableDnsHostnames: true });
  const blocks = Fn.cidr(cidr, 4, '8');
  const subnets: string[] = [];
  const tables: string[] = [];
  for (let zone = 0; zone < zones; zone++) {
    const subnet = new ec2.CfnSubnet(scope, `${name}Subnet${zone}`, {
      vpcId: vpc.ref,
      availabilityZone: Fn.select(zone, Fn.getAzs()),
      cidrBlock: Fn.select(zone, blocks),
      mapPublicIpOnLaunch: false,
    });
    const table = new ec2.CfnRouteTable(scope, `${name}Routes${zone}`, { vpcId: vpc.ref });
    new ec2.CfnSubnetRouteTableAssociation(scope, `${name}Association${zone}`, {
      subnetId: subnet.ref,
      routeTableId: table.ref,
    });
    subnets.push(subnet.ref);
    tables.push(table.ref);
  }
  return { vpc: vpc.ref, cidr, subnets, tables };
}

/**
 * A network that the consumer has.
 * @param prop for the message. @throws UsageError when it does not say its range of addresses or its route tables.
 */
export function givenSide(scope: Construct, prop: string, vpc: ec2.IVpc, subnets: ec2.ISubnet[]): Subnets {
  const tables = subnets.map((subnet) => subnet.routeTable?.routeTableId as string | undefined);
  if (tables.includes(undefined)) {
    throw propError(scope, 'UsageError', `${prop} does not say the route tables of its subnets; name them on import.`);
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
    throw propError(scope, 'UsageError', `${prop} does not say its range of addresses; give vpcCidrBlock on import.`);
  }
}
