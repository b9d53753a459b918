/** Where actions apply. Names that CloudFormation generates begin with the stack's name or the resource's logical id. */

/** A permission that CloudFormation needs. */
export interface Rule {
  actions: string[];
  resources: string[];
  conditions?: Record<string, Record<string, string | string[]>>;
}

const arn = (service: string, rest: string, region = 'REGION'): string =>
  `arn:aws:${service}:${region}:ACCOUNT:${rest}`;
/** AWS generates these ids, and IAM supports no narrower resource for these actions that is known in advance. */
const any = ['*'];
const api = ['apis', 'apis/*', 'domainnames', 'domainnames/*', 'tags/*'].map(
  (path) => `arn:aws:apigateway:REGION::/${path}`,
);
const functions = [arn('lambda', 'function:Drydock*')];
const layers = [arn('lambda', 'layer:Drydock*')];
const parameters = [arn('ssm', 'parameter/drydock*/*')];
const groups = ['Drydock*', '/aws/vendedlogs/*/Drydock*'].flatMap((name) =>
  ['', ':*'].map((rest) => arn('logs', `log-group:${name}${rest}`)),
);
const roles = [arn('iam', 'role/Drydock*', '')];
const assets = ['arn:aws:s3:::cdk-*-assets-ACCOUNT-REGION/*'];

/** Actions that services need to write logs by delivery. */
const logDelivery = [
  ...['CreateLogDelivery', 'DeleteLogDelivery', 'DescribeLogGroups', 'DescribeResourcePolicies', 'GetLogDelivery'],
  ...['ListLogDeliveries', 'PutResourcePolicy', 'UpdateLogDelivery'],
].map((action) => `logs:${action}`);

/** Resources of each type, for the actions of its own service. */
export const scopeOf: Record<string, string[]> = {
  'AWS::ApiGatewayV2::Api': api,
  'AWS::ApiGatewayV2::ApiMapping': api,
  'AWS::ApiGatewayV2::DomainName': api,
  'AWS::ApiGatewayV2::Integration': api,
  'AWS::ApiGatewayV2::Route': api,
  'AWS::ApiGatewayV2::Stage': api,
  'AWS::CloudWatch::Alarm': [arn('cloudwatch', 'alarm:Drydock*')],
  'AWS::CloudWatch::Dashboard': [arn('cloudwatch', 'dashboard/Drydock*', '')],
  'AWS::CodeBuild::Project': [arn('codebuild', 'project/Drydock*')],
  'AWS::DynamoDB::Table': [arn('dynamodb', 'table/Drydock*State-*')],
  'AWS::EC2::FlowLog': any,
  'AWS::EC2::InternetGateway': any,
  'AWS::EC2::Route': any,
  'AWS::EC2::RouteTable': any,
  'AWS::EC2::SecurityGroup': any,
  'AWS::EC2::SecurityGroupEgress': any,
  'AWS::EC2::SecurityGroupIngress': any,
  'AWS::EC2::Subnet': any,
  'AWS::EC2::SubnetRouteTableAssociation': any,
  'AWS::EC2::VPC': any,
  'AWS::EC2::VPCEndpoint': any,
  'AWS::EC2::VPCGatewayAttachment': any,
  'AWS::EC2::VPCPeeringConnection': any,
  'AWS::ECR::Repository': [arn('ecr', 'repository/drydock*state-*')],
  'AWS::ECS::Cluster': [arn('ecs', 'cluster/Drydock*')],
  'AWS::ECS::ClusterCapacityProviderAssociations': [arn('ecs', 'cluster/Drydock*')],
  'AWS::ECS::TaskDefinition': [arn('ecs', 'task-definition/*')],
  'AWS::Events::Rule': [arn('events', 'rule/Drydock*')],
  'AWS::IAM::Policy': roles,
  'AWS::IAM::Role': roles,
  'AWS::KMS::Key': any,
  'AWS::Lambda::EventInvokeConfig': functions,
  'AWS::Lambda::EventSourceMapping': [arn('lambda', 'event-source-mapping:*')],
  'AWS::Lambda::Function': functions,
  'AWS::Lambda::LayerVersion': layers,
  'AWS::Lambda::Permission': functions,
  'AWS::Lambda::Version': functions,
  'AWS::Logs::LogGroup': groups,
  'AWS::Logs::MetricFilter': groups,
  // AWS makes up the id of the zone; the settings name it.
  'AWS::Route53::RecordSet': ['arn:aws:route53:::hostedzone/*'],
  'AWS::Route53Resolver::FirewallDomainList': any,
  'AWS::Route53Resolver::FirewallRuleGroup': any,
  'AWS::Route53Resolver::FirewallRuleGroupAssociation': any,
  'AWS::S3::Bucket': ['arn:aws:s3:::drydock*state-*'],
  'AWS::S3::BucketPolicy': ['arn:aws:s3:::drydock*state-*'],
  'AWS::SNS::Subscription': [arn('sns', 'Drydock*')],
  'AWS::SNS::Topic': [arn('sns', 'Drydock*')],
  'AWS::SNS::TopicPolicy': [arn('sns', 'Drydock*')],
  'AWS::SQS::Queue': [arn('sqs', 'Drydock*')],
  'AWS::SQS::QueuePolicy': [arn('sqs', 'Drydock*')],
  'AWS::SSM::Parameter': parameters,
  'AWS::SecretsManager::RotationSchedule': [arn('secretsmanager', 'secret:Storage*')],
  'AWS::SecretsManager::Secret': [arn('secretsmanager', 'secret:Storage*')],
  'AWS::StepFunctions::StateMachine': [arn('states', 'stateMachine:Drydock*')],
  // Functions of the template that CloudFormation invokes.
  'Custom::EcsServiceRole': functions,
  'Custom::S3PrefixList': functions,
};

/** Actions whose scope does not depend on the type. */
export const scopeOfAction: Record<string, string[]> = {
  // IAM has no resource ARN for them.
  ...Object.fromEntries(
    [
      ...logDelivery,
      ...['RegisterTaskDefinition', 'DeregisterTaskDefinition', 'DescribeTaskDefinition'].map((name) => `ecs:${name}`),
      ...['lambda:CreateEventSourceMapping', 'ec2:DescribeVpcs', 'ecs:DescribeCapacityProviders', 'kms:ListAliases'],
      'secretsmanager:GetRandomPassword',
    ].map((action) => [action, any]),
  ),
  'lambda:GetLayerVersion': layers,
  'route53:GetChange': ['arn:aws:route53:::change/*'],
  // Templates read the version of the bootstrap too.
  'ssm:GetParameters': [...parameters, arn('ssm', 'parameter/cdk-bootstrap/*')],
};

/**
 * Principals that roles of the templates may be passed to.
 * @internal for its tests
 */
export const passedTo = [
  'codebuild.amazonaws.com',
  'ecs-tasks.amazonaws.com',
  'events.amazonaws.com',
  'lambda.amazonaws.com',
  'states.amazonaws.com',
  'vpc-flow-logs.amazonaws.com',
];

/** Actions of another service than the type's own. */
export const elsewhere: Record<string, Omit<Rule, 'actions'>> = {
  'iam:PassRole': { resources: roles, conditions: { StringEquals: { 'iam:PassedToService': passedTo } } },
  'iam:GetRole': { resources: roles },
  'lambda:InvokeFunction': { resources: functions },
  'iam:CreateServiceLinkedRole': {
    resources: [arn('iam', 'role/aws-service-role/ecs.amazonaws.com/*', '')],
    conditions: { StringEquals: { 'iam:AWSServiceName': 'ecs.amazonaws.com' } },
  },
  's3:GetObject': { resources: assets },
  's3:GetObjectVersion': { resources: assets },
  ...Object.fromEntries(
    ['CreateGrant', 'Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey', 'RevokeGrant'].map((action) => [
      `kms:${action}`,
      {
        resources: [arn('kms', 'key/*')],
        // Tables and secrets are encrypted with it.
        conditions: {
          StringEquals: { 'kms:ViaService': ['dynamodb.REGION.amazonaws.com', 'secretsmanager.REGION.amazonaws.com'] },
        },
      },
    ]),
  ),
};

/** Actions that AWS documents elsewhere than in the registry, by type. */
export const documented: Record<string, string[]> = {
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
  'AWS::ApiGatewayV2::Stage': logDelivery,
  'AWS::StepFunctions::StateMachine': logDelivery,
  // The registry has no permissions of this type.
  'AWS::CodeBuild::Project': [
    ...['BatchGetProjects', 'CreateProject', 'DeleteProject', 'UpdateProject'].map((action) => `codebuild:${action}`),
    'iam:PassRole',
  ],
  // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/access-control-managing-permissions.html
  'AWS::Route53::RecordSet': ['ChangeResourceRecordSets', 'GetChange', 'GetHostedZone', 'ListResourceRecordSets'].map(
    (action) => `route53:${action}`,
  ),
  // https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html
  'AWS::ApiGatewayV2::Api': ['apigateway:TagResource', 'apigateway:UntagResource'],
  // A value is encrypted when the secret is made: https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
  'AWS::SecretsManager::Secret': ['kms:Decrypt', 'kms:GenerateDataKey'],
  'AWS::Lambda::Function': ['s3:GetObject', 's3:GetObjectVersion'],
  // CloudFormation reads a value when it restores one.
  'AWS::SSM::Parameter': ['ssm:GetParameter'],
  'Custom::EcsServiceRole': ['lambda:InvokeFunction'],
  'Custom::S3PrefixList': ['lambda:InvokeFunction'],
};
