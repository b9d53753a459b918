import { Stack } from 'aws-cdk-lib';
import * as resolver from 'aws-cdk-lib/aws-route53resolver';
import { Construct } from 'constructs';

/**
 * DNS of the sandbox's network. No security group covers the VPC's resolver, so without this firewall DNS queries could
 * carry data out. It resolves only the exact names that an image pull needs, and nothing if the firewall itself fails: that
 * is the default of a network, and the resource that says so is not known to CloudFormation in every region.
 */
export class DnsFirewall extends Construct {
  constructor(scope: Construct, id: string, { vpc }: { vpc: string }) {
    super(scope, id);
    const { account, region, urlSuffix } = Stack.of(this);
    const list = (name: string, domains: string[]): string =>
      new resolver.CfnFirewallDomainList(this, name, { domains }).attrId;
    const group = new resolver.CfnFirewallRuleGroup(this, 'Rules', {
      firewallRules: [
        {
          priority: 100,
          action: 'ALLOW',
          firewallDomainListId: list('ImageNames', [
            `api.ecr.${region}.${urlSuffix}`,
            `${account}.dkr.ecr.${region}.${urlSuffix}`,
            `prod-${region}-starport-layer-bucket.s3.${region}.${urlSuffix}`,
          ]),
          // AWS owns these names, and their redirection targets change.
          firewallDomainRedirectionAction: 'TRUST_REDIRECTION_DOMAIN',
        },
        { priority: 200, action: 'BLOCK', blockResponse: 'NXDOMAIN', firewallDomainListId: list('AllNames', ['*']) },
      ],
    });
    new resolver.CfnFirewallRuleGroupAssociation(this, 'Association', {
      firewallRuleGroupId: group.attrId,
      vpcId: vpc,
      priority: 101,
    });
  }
}
