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
  /** Of the log of the question that is asked at deployment. */
  removalPolicy: RemovalPolicy;
}

/**
 * What a sandbox's image is pulled through: two interface endpoints of ECR and the gateway endpoint of S3, each with a
 * policy that allows this pull and nothing else. Their default policies would allow every account's repositories and buckets.
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

    const ours = { StringEquals: { 'aws:PrincipalAccount': account } };
    const pull = new iam.PolicyDocument({
      statements: [
        new iam.PolicyStatement({
          principals: [new iam.AnyPrincipal()],
          actions: ['ecr:GetAuthorizationToken'],
          resources: ['*'],
          conditions: ours,
        }),
        new iam.PolicyStatement({
          principals: [new iam.AnyPrincipal()],
          actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
          resources: [repositoryArn(this, props.images)],
          conditions: ours,
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
            // Layers lie in a bucket of AWS itself, so one's own account cannot be asked for here.
            resources: [`arn:${partition}:s3:::prod-${region}-starport-layer-bucket/*`],
          }),
        ],
      }),
    });
  }

  /**
   * Id of the prefix list that AWS keeps of S3's addresses in this region. It is asked for when the stack is deployed: a
   * lookup would need credentials at synth, and a table of ids would be somebody's memory. An interface endpoint of S3
   * would need no such list and cost as much a month as one of ECR's, per zone.
   */
  #s3PrefixList(removalPolicy: RemovalPolicy): string {
    const { region } = Stack.of(this);
    const name = `com.amazonaws.${region}.s3`;
    const logGroup = new logs.LogGroup(this, 'S3AddressesLogs', {
      retention: logs.RetentionDays.ONE_MONTH,
      removalPolicy,
    });
    // The one that the CDK would make has a managed policy, and lies outside of this construct and its boundary.
    const role = new iam.Role(this, 'S3AddressesRole', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    grant(role, [
      { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] },
      {
        actions: ['ec2:DescribeManagedPrefixLists'],
        resources: ['*'],
        because: 'EC2 lists its prefix lists as a whole; the action only reads.',
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
