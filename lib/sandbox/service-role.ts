import type { RemovalPolicy } from 'aws-cdk-lib';
import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { AwsCustomResource, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { grant } from '../iam/grant.ts';

const service = 'ecs.amazonaws.com';

/**
 * The service-linked role of ECS. ECS makes it with the first cluster of an account and takes it in the same moment, which fails
 * more often than not, as a new role is known after seconds (https://github.com/1Password/scim-examples/issues/356). The resource type
 * of CloudFormation fails where the role exists, so a call makes it that accepts that.
 */
export class ServiceRole extends Construct {
  constructor(scope: Construct, id: string, { removalPolicy }: { removalPolicy: RemovalPolicy }) {
    super(scope, id);
    const logGroup = new logs.LogGroup(this, 'Logs', { retention: logs.RetentionDays.ONE_MONTH, removalPolicy });
    // The CDK's default role has a managed policy, and is created outside this construct and its permissions boundary.
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    grant(role, [
      { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] },
      {
        actions: ['iam:CreateServiceLinkedRole'],
        resources: [
          Stack.of(this).formatArn({
            service: 'iam',
            region: '',
            resource: 'role',
            resourceName: `aws-service-role/${service}/AWSServiceRoleForECS`,
          }),
        ],
        conditions: { StringEquals: { 'iam:AWSServiceName': service } },
      },
    ]);
    new AwsCustomResource(this, 'Call', {
      resourceType: 'Custom::EcsServiceRole',
      onCreate: {
        service: 'IAM',
        action: 'CreateServiceLinkedRole',
        parameters: { AWSServiceName: service },
        // The account has it.
        ignoreErrorCodesMatching: 'InvalidInput',
        physicalResourceId: PhysicalResourceId.of(service),
      },
      role,
      installLatestAwsSdk: false,
      logGroup,
    }).node.addDependency(role);
  }
}
