import type { Rule } from './rule.ts';
import { ec2, resolver } from './services.ts';

/** Actions for the types of a network, as those of types.ts. */
export const network: Record<string, Rule[]> = {
  'AWS::EC2::FlowLog': ec2('CreateFlowLogs', 'DeleteFlowLogs', 'DescribeFlowLogs', 'DescribeTags'),
  'AWS::EC2::InternetGateway': ec2('CreateInternetGateway', 'DeleteInternetGateway', 'DescribeInternetGateways'),
  'AWS::EC2::Route': ec2(
    'CreateRoute',
    'DeleteRoute',
    'DescribeNetworkInterfaces',
    'DescribeRouteTables',
    'ReplaceRoute',
  ),
  'AWS::EC2::RouteTable': ec2('CreateRouteTable', 'DeleteRouteTable', 'DescribeRouteTables'),
  'AWS::EC2::SecurityGroup': ec2(
    'CreateSecurityGroup',
    'DeleteSecurityGroup',
    'DescribeSecurityGroups',
    'AuthorizeSecurityGroupEgress',
    'RevokeSecurityGroupEgress',
  ),
  'AWS::EC2::SecurityGroupEgress': ec2(
    'AuthorizeSecurityGroupEgress',
    'DescribeSecurityGroupRules',
    'RevokeSecurityGroupEgress',
  ),
  'AWS::EC2::SecurityGroupIngress': ec2(
    'AuthorizeSecurityGroupIngress',
    'DescribeSecurityGroupRules',
    'RevokeSecurityGroupIngress',
  ),
  'AWS::EC2::Subnet': ec2(
    'CreateSubnet',
    'DeleteSubnet',
    'DescribeSubnets',
    'ModifySubnetAttribute',
    'DescribeAvailabilityZones',
    'DescribeNetworkAcls',
  ),
  'AWS::EC2::SubnetRouteTableAssociation': ec2(
    'AssociateRouteTable',
    'DescribeRouteTables',
    'DisassociateRouteTable',
    'ReplaceRouteTableAssociation',
  ),
  'AWS::EC2::VPC': ec2(
    'CreateVpc',
    'DeleteVpc',
    'DescribeNetworkAcls',
    'DescribeVpcAttribute',
    'DescribeVpcs',
    'ModifyVpcAttribute',
  ),
  'AWS::EC2::VPCEndpoint': ec2('CreateVpcEndpoint', 'DeleteVpcEndpoints', 'DescribeVpcEndpoints', 'ModifyVpcEndpoint'),
  'AWS::EC2::VPCGatewayAttachment': ec2('AttachInternetGateway', 'DescribeInternetGateways', 'DetachInternetGateway'),
  'AWS::EC2::VPCPeeringConnection': ec2(
    'AcceptVpcPeeringConnection',
    'CreateVpcPeeringConnection',
    'DeleteVpcPeeringConnection',
    'DescribeVpcPeeringConnections',
  ),
  'AWS::Route53Resolver::FirewallDomainList': resolver(
    'CreateFirewallDomainList',
    'DeleteFirewallDomainList',
    'GetFirewallDomainList',
    'ListFirewallDomains',
    'UpdateFirewallDomains',
  ),
  'AWS::Route53Resolver::FirewallRuleGroup': resolver(
    'CreateFirewallRule',
    'CreateFirewallRuleGroup',
    'DeleteFirewallRule',
    'DeleteFirewallRuleGroup',
    'GetFirewallRuleGroup',
    'ListFirewallRules',
    'UpdateFirewallRule',
  ),
  'AWS::Route53Resolver::FirewallRuleGroupAssociation': resolver(
    'AssociateFirewallRuleGroup',
    'DisassociateFirewallRuleGroup',
    'GetFirewallRuleGroupAssociation',
    'UpdateFirewallRuleGroupAssociation',
  ),
};
