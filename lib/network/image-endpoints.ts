import { type RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { AwsCustomResource, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { grant } from '../iam/grant.ts';
import { repositoryArn } from '../storage/state.ts';
import { https, nowhere } from './security-rules.ts';

interface ImageEndpointsProps {
  vpc: string;
  subnets: string[];
  tables: string[];
  sandboxGroup: string;
  /** Name of the repository. */
  images: string;
  /** Removal policy of the custom resource's log group. */
  removalPolicy: RemovalPolicy;
}

/**
 * The endpoints for pulling a sandbox's image: two interface endpoints of ECR and the gateway endpoint of S3. Each has
 * a policy that allows this pull only; the default policies would allow the repositories and buckets of every account.
 */
export class ImageEndpoints extends Construct {
  constructor(scope: Construct, id: string, props: ImageEndpointsProps) {
    super(scope, id);
    const { account, partition, region } = Stack.of(this);
    const group = new ec2.CfnSecurityGroup(this, 'Group', {
      vpcId: props.vpc,
      groupDescription: 'Drydock image endpoints: in from sandboxes only',
      securityGroupEgress: [nowhere],
      securityGroupIngress: [{ ...https, sourceSecurityGroupId: props.sandboxGroup, description: 'image pulls' }],
    });
    new ec2.CfnSecurityGroupEgress(this, 'SandboxToEndpoints', {
      groupId: props.sandboxGroup,
      destinationSecurityGroupId: group.attrGroupId,
      description: 'image pulls',
      ...https,
    });
    new ec2.CfnSecurityGroupEgress(this, 'SandboxToLayers', {
      groupId: props.sandboxGroup,
      destinationPrefixListId: this.#s3PrefixList(props.removalPolicy),
      description: 'image layers, by the endpoint of S3',
      ...https,
    });

    const ownAccount = { StringEquals: { 'aws:PrincipalAccount': account } };
    const pull = new iam.PolicyDocument({
      statements: [
        new iam.PolicyStatement({
          principals: [new iam.AnyPrincipal()],
          actions: ['ecr:GetAuthorizationToken'],
          resources: ['*'],
          conditions: ownAccount,
        }),
        new iam.PolicyStatement({
          principals: [new iam.AnyPrincipal()],
          actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
          resources: [repositoryArn(this, props.images)],
          conditions: ownAccount,
        }),
      ],
    });
    for (const [name, service] of Object.entries({ EcrApi: 'ecr.api', EcrDocker: 'ecr.dkr' })) {
      new ec2.CfnVPCEndpoint(this, name, {
        vpcId: props.vpc,
        vpcEndpointType: 'Interface',
        serviceName: `com.amazonaws.${region}.${service}`,
        subnetIds: props.subnets,
        securityGroupIds: [group.attrGroupId],
        privateDnsEnabled: true,
        policyDocument: pull,
      });
    }
    new ec2.CfnVPCEndpoint(this, 'S3', {
      vpcId: props.vpc,
      vpcEndpointType: 'Gateway',
      serviceName: `com.amazonaws.${region}.s3`,
      routeTableIds: props.tables,
      policyDocument: new iam.PolicyDocument({
        statements: [
          new iam.PolicyStatement({
            principals: [new iam.AnyPrincipal()],
            actions: ['s3:GetObject'],
            // Image layers are in a bucket of AWS, so a condition on our account is not possible here.
            resources: [`arn:${partition}:s3:::prod-${region}-starport-layer-bucket/*`],
          }),
        ],
      }),
    });
  }

  /**
   * Id of AWS's prefix list with the addresses of S3 in this region. It is read at deployment: a lookup would need
   * credentials at synth, and a hard-coded table of ids would get outdated. An interface endpoint of S3 would need no
   * list but would cost as much as one of ECR, per zone and month.
   */
  #s3PrefixList(removalPolicy: RemovalPolicy): string {
    const { region } = Stack.of(this);
    const name = `com.amazonaws.${region}.s3`;
    const logGroup = new logs.LogGroup(this, 'S3AddressesLogs', {
      retention: logs.RetentionDays.ONE_MONTH,
      removalPolicy,
    });
    // The CDK's default role has a managed policy, and is created outside this construct and its permissions boundary.
    const role = new iam.Role(this, 'S3AddressesRole', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    grant(role, [
      { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] },
      {
        actions: ['ec2:DescribeManagedPrefixLists'],
        resources: ['*'],
        because: 'EC2 can list prefix lists only as a whole; the action is read-only.',
      },
    ]);
    const found = new AwsCustomResource(this, 'S3Addresses', {
      resourceType: 'Custom::S3PrefixList',
      onUpdate: {
        service: 'EC2',
        action: 'DescribeManagedPrefixLists',
        parameters: { Filters: [{ Name: 'prefix-list-name', Values: [name] }] },
        outputPaths: ['PrefixLists.0.PrefixListId'],
        physicalResourceId: PhysicalResourceId.of(name),
      },
      role,
      installLatestAwsSdk: false,
      logGroup,
    });
    found.node.addDependency(role);
    return found.getResponseField('PrefixLists.0.PrefixListId');
  }
}
