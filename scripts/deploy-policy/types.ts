import { network } from './network.ts';
import { any, arn, of, on, type Rule } from './rule.ts';
import { api, buckets, deliveries, domains, groups, lambda, queues, roles, secretNames } from './services.ts';

/**
 * Services that roles of the templates may be passed to.
 * @internal for its tests
 */
export const passedTo = [
  'ecs-tasks.amazonaws.com',
  'lambda.amazonaws.com',
  'states.amazonaws.com',
  'vpc-flow-logs.amazonaws.com',
];

/**
 * Actions that CloudFormation calls in the caller's name to create, update and delete resources of each type, restricted by
 * resource name: names that CloudFormation generates begin with the stack's name or the resource's logical id. The user of
 * the policy replaces `ACCOUNT` and `REGION`.
 */
export const byType: Record<string, Rule[]> = {
  'AWS::ApiGatewayV2::Api': api,
  'AWS::ApiGatewayV2::ApiMapping': domains,
  'AWS::ApiGatewayV2::DomainName': domains,
  'AWS::ApiGatewayV2::Integration': api,
  'AWS::ApiGatewayV2::Route': api,
  'AWS::ApiGatewayV2::Stage': [...api, deliveries],
  'AWS::CloudWatch::Alarm': [
    on(
      of(
        'cloudwatch',
        'DeleteAlarms',
        'DescribeAlarms',
        'ListTagsForResource',
        'PutMetricAlarm',
        'TagResource',
        'UntagResource',
      ),
      arn('cloudwatch', 'alarm:Drydock*'),
    ),
  ],
  'AWS::CloudWatch::Dashboard': [
    on(
      of('cloudwatch', 'DeleteDashboards', 'GetDashboard', 'PutDashboard'),
      arn('cloudwatch', 'dashboard/Drydock*', ''),
    ),
  ],
  'AWS::DynamoDB::Table': [
    on(
      of(
        'dynamodb',
        'CreateTable',
        'DeleteTable',
        'DescribeContinuousBackups',
        'DescribeContributorInsights',
        'DescribeKinesisStreamingDestination',
        'DescribeTable',
        'DescribeTimeToLive',
        'GetResourcePolicy',
        'ListTagsOfResource',
        'TagResource',
        'UntagResource',
        'UpdateContinuousBackups',
        'UpdateTable',
        'UpdateTimeToLive',
      ),
      arn('dynamodb', 'table/DrydockState-*'),
    ),
  ],
  ...network,
  'AWS::ECR::Repository': [
    on(
      of(
        'ecr',
        'CreateRepository',
        'DeleteRepository',
        'DescribeRepositories',
        'GetLifecyclePolicy',
        'GetRepositoryPolicy',
        'ListTagsForResource',
        'PutImageScanningConfiguration',
        'PutImageTagMutability',
        'TagResource',
        'UntagResource',
      ),
      arn('ecr', 'repository/drydockstate-*'),
    ),
  ],
  'AWS::ECS::Cluster': [
    on(
      of(
        'ecs',
        'CreateCluster',
        'DeleteCluster',
        'DescribeClusters',
        'ListTagsForResource',
        'TagResource',
        'UntagResource',
        'UpdateCluster',
      ),
      arn('ecs', 'cluster/Drydock*'),
    ),
    {
      actions: ['iam:CreateServiceLinkedRole'],
      resources: [arn('iam', 'role/aws-service-role/ecs.amazonaws.com/*', '')],
      conditions: { StringEquals: { 'iam:AWSServiceName': 'ecs.amazonaws.com' } },
    },
  ],
  'AWS::ECS::ClusterCapacityProviderAssociations': [
    on(of('ecs', 'DescribeClusters', 'PutClusterCapacityProviders'), arn('ecs', 'cluster/Drydock*')),
  ],
  'AWS::ECS::TaskDefinition': [
    on(
      of('ecs', 'DeregisterTaskDefinition', 'DescribeTaskDefinition', 'RegisterTaskDefinition', 'TagResource'),
      ...any,
    ),
  ],
  'AWS::Events::Rule': [
    on(
      of(
        'events',
        'DeleteRule',
        'DescribeRule',
        'ListTagsForResource',
        'ListTargetsByRule',
        'PutRule',
        'PutTargets',
        'RemoveTargets',
        'TagResource',
        'UntagResource',
      ),
      arn('events', 'rule/Drydock*'),
    ),
  ],
  'AWS::IAM::Policy': roles,
  'AWS::IAM::Role': [
    ...roles,
    {
      actions: ['iam:PassRole'],
      resources: [arn('iam', 'role/Drydock*', '')],
      conditions: { StringEquals: { 'iam:PassedToService': passedTo } },
    },
  ],
  'AWS::KMS::Key': [
    on(
      of(
        'kms',
        'CreateKey',
        'DescribeKey',
        'EnableKeyRotation',
        'GetKeyPolicy',
        'GetKeyRotationStatus',
        'ListResourceTags',
        'PutKeyPolicy',
        'ScheduleKeyDeletion',
        'TagResource',
        'UntagResource',
        'UpdateKeyDescription',
      ),
      ...any,
    ),
    // Tables and secrets are encrypted with it.
    {
      actions: of('kms', 'CreateGrant', 'Decrypt', 'GenerateDataKey'),
      resources: [arn('kms', 'key/*')],
      conditions: {
        StringEquals: { 'kms:ViaService': ['dynamodb.REGION.amazonaws.com', 'secretsmanager.REGION.amazonaws.com'] },
      },
    },
  ],
  'AWS::Lambda::EventSourceMapping': [
    on(
      of(
        'lambda',
        'CreateEventSourceMapping',
        'DeleteEventSourceMapping',
        'GetEventSourceMapping',
        'UpdateEventSourceMapping',
      ),
      ...any,
    ),
  ],
  'AWS::Lambda::Function': [
    on(
      of(
        'lambda',
        'CreateFunction',
        'DeleteFunction',
        'GetFunction',
        'GetFunctionCodeSigningConfig',
        'GetFunctionRecursionConfig',
        'GetRuntimeManagementConfig',
        'ListTags',
        'TagResource',
        'UntagResource',
        'UpdateFunctionCode',
        'UpdateFunctionConfiguration',
      ),
      lambda,
    ),
    // The code is stored in the bucket of the CDK's bootstrap.
    on(['s3:GetObject', 's3:GetObjectVersion'], 'arn:aws:s3:::cdk-*-assets-ACCOUNT-REGION/*'),
  ],
  'AWS::Lambda::EventInvokeConfig': [
    on(
      of(
        'lambda',
        'DeleteFunctionEventInvokeConfig',
        'GetFunctionEventInvokeConfig',
        'PutFunctionEventInvokeConfig',
        'UpdateFunctionEventInvokeConfig',
      ),
      lambda,
    ),
  ],
  'AWS::Lambda::LayerVersion': [
    on(of('lambda', 'DeleteLayerVersion', 'GetLayerVersion', 'PublishLayerVersion'), arn('lambda', 'layer:Drydock*')),
  ],
  'AWS::Lambda::Version': [
    on(of('lambda', 'DeleteFunction', 'GetFunctionConfiguration', 'ListVersionsByFunction', 'PublishVersion'), lambda),
  ],
  'AWS::Lambda::Permission': [on(of('lambda', 'AddPermission', 'GetPolicy', 'RemovePermission'), lambda)],
  'AWS::Logs::LogGroup': [
    on(
      of(
        'logs',
        'CreateLogGroup',
        'DeleteLogGroup',
        'DeleteRetentionPolicy',
        'ListTagsForResource',
        'PutRetentionPolicy',
        'TagResource',
        'UntagResource',
      ),
      ...groups.flatMap((group) => [group, `${group}:*`]),
    ),
    deliveries,
  ],
  'AWS::Logs::MetricFilter': [
    on(
      of('logs', 'DeleteMetricFilter', 'DescribeMetricFilters', 'PutMetricFilter'),
      ...groups.map((group) => `${group}:*`),
    ),
  ],
  'AWS::Route53::RecordSet': [
    on(
      of('route53', 'ChangeResourceRecordSets', 'GetHostedZone', 'ListResourceRecordSets'),
      'arn:aws:route53:::hostedzone/*',
    ),
    on(of('route53', 'GetChange'), 'arn:aws:route53:::change/*'),
  ],
  'AWS::S3::Bucket': buckets,
  'AWS::S3::BucketPolicy': buckets,
  'AWS::SQS::Queue': queues,
  'AWS::SQS::QueuePolicy': queues,
  'AWS::SSM::Parameter': [
    on(
      of(
        'ssm',
        'AddTagsToResource',
        'DeleteParameter',
        'GetParameter',
        'GetParameters',
        'ListTagsForResource',
        'PutParameter',
        'RemoveTagsFromResource',
      ),
      arn('ssm', 'parameter/drydock/*'),
    ),
    // CDK templates read the version of the bootstrap.
    on(['ssm:GetParameters'], arn('ssm', 'parameter/cdk-bootstrap/*')),
  ],
  'AWS::SecretsManager::Secret': [
    on(
      of(
        'secretsmanager',
        'CreateSecret',
        'DeleteSecret',
        'DescribeSecret',
        'TagResource',
        'UntagResource',
        'UpdateSecret',
      ),
      secretNames,
    ),
    on(['secretsmanager:GetRandomPassword'], ...any),
  ],
  'AWS::SecretsManager::RotationSchedule': [
    on(of('secretsmanager', 'CancelRotateSecret', 'DescribeSecret', 'RotateSecret'), secretNames),
    on(['lambda:InvokeFunction'], lambda),
  ],
  'AWS::StepFunctions::StateMachine': [
    on(
      of(
        'states',
        'CreateStateMachine',
        'DeleteStateMachine',
        'DescribeStateMachine',
        'ListTagsForResource',
        'TagResource',
        'UntagResource',
        'UpdateStateMachine',
      ),
      arn('states', 'stateMachine:Drydock*'),
    ),
    deliveries,
  ],
  // A function of the template that CloudFormation invokes.
  'Custom::EcsServiceRole': [on(['lambda:InvokeFunction'], lambda)],
  'Custom::S3PrefixList': [on(['lambda:InvokeFunction'], lambda)],
};
