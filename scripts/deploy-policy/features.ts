/**
 * Actions that the registry lists for a type, and that are needed only if a template sets the property. Actions of reading are not
 * among them, because CloudFormation reads all of a resource.
 */
export const features: Record<string, Record<string, string[]>> = {
  'AWS::ApiGatewayV2::Api': { BodyS3Location: ['s3:GetObject'] },
  'AWS::ApiGatewayV2::Integration': { CredentialsArn: ['iam:PassRole'] },
  'AWS::DynamoDB::Table': {
    ContributorInsightsSpecification: ['dynamodb:UpdateContributorInsights'],
    ImportSourceSpecification: [
      ...['BatchWriteItem', 'DeleteItem', 'DescribeImport', 'GetItem', 'ImportTable', 'PutItem', 'Query'].map(
        (action) => `dynamodb:${action}`,
      ),
      ...['dynamodb:Scan', 'dynamodb:UpdateItem', 's3:GetObject', 's3:ListBucket'],
      ...['CreateLogGroup', 'CreateLogStream', 'DescribeLogGroups', 'DescribeLogStreams', 'PutLogEvents'].map(
        (action) => `logs:${action}`,
      ),
      'logs:PutRetentionPolicy',
    ],
    KinesisStreamSpecification: [
      'dynamodb:DisableKinesisStreamingDestination',
      'dynamodb:EnableKinesisStreamingDestination',
      'dynamodb:UpdateKinesisStreamingDestination',
      'kinesis:DescribeStream',
      'kinesis:PutRecords',
      'iam:CreateServiceLinkedRole',
    ],
    Replicas: ['dynamodb:AssociateTableReplica', 'dynamodb:CreateTableReplica'],
    ResourcePolicy: ['dynamodb:DeleteResourcePolicy', 'dynamodb:PutResourcePolicy'],
  },
  'AWS::EC2::FlowLog': {
    LogDestination: [
      ...['iam:CreateServiceLinkedRole', 'logs:CreateLogDelivery', 'logs:DeleteLogDelivery', 's3:GetBucketPolicy'],
      ...['s3:PutBucketPolicy', 'autoscaling:DescribeTags'],
    ],
  },
  'AWS::EC2::Subnet': { Ipv6CidrBlock: ['ec2:AssociateSubnetCidrBlock', 'ec2:DisassociateSubnetCidrBlock'] },
  'AWS::EC2::VPC': {
    InstanceTenancy: ['ec2:ModifyVpcTenancy'],
    VpcEncryptionControl: ['ec2:CreateVpcEncryptionControl'],
  },
  'AWS::EC2::VPCEndpoint': {
    ServiceNetworkArn: [
      'vpc-lattice:CreateServiceNetworkVpcEndpointAssociation',
      'vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation',
    ],
    ServiceRegion: ['vpce:AllowMultiRegion'],
  },
  'AWS::EC2::VPCGatewayAttachment': {
    VpnGatewayId: ['ec2:AttachVpnGateway', 'ec2:DescribeVpnGateways', 'ec2:DetachVpnGateway'],
  },
  'AWS::EC2::VPCPeeringConnection': { PeerRoleArn: ['sts:AssumeRole'] },
  'AWS::ECR::Repository': {
    EncryptionConfiguration: ['kms:CreateGrant', 'kms:DescribeKey', 'kms:RetireGrant'],
    LifecyclePolicy: ['ecr:DeleteLifecyclePolicy', 'ecr:PutLifecyclePolicy'],
    RepositoryPolicyText: ['ecr:DeleteRepositoryPolicy', 'ecr:SetRepositoryPolicy'],
  },
  'AWS::ECS::Cluster': {
    CapacityProviders: ['ecs:PutClusterCapacityProviders'],
    ClusterSettings: ['ecs:PutAccountSetting', 'ecs:PutAccountSettingDefault', 'ecs:UpdateClusterSettings'],
    ManagedStorageConfiguration: ['kms:DescribeKey'],
  },
  'AWS::Events::Rule': { RoleArn: ['iam:PassRole'] },
  'AWS::IAM::Policy': {
    Groups: ['iam:DeleteGroupPolicy', 'iam:GetGroupPolicy', 'iam:PutGroupPolicy'],
    Users: ['iam:DeleteUserPolicy', 'iam:GetUserPolicy', 'iam:PutUserPolicy'],
  },
  'AWS::IAM::Role': { PermissionsBoundary: ['iam:DeleteRolePermissionsBoundary', 'iam:PutRolePermissionsBoundary'] },
  'AWS::KMS::Key': { Enabled: ['kms:DisableKey', 'kms:EnableKey'] },
  'AWS::Lambda::EventSourceMapping': { KmsKeyArn: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'] },
  'AWS::Lambda::Function': {
    CapacityProviderConfig: ['lambda:PassCapacityProvider'],
    CodeSigningConfigArn: [
      'lambda:DeleteFunctionCodeSigningConfig',
      'lambda:GetCodeSigningConfig',
      'lambda:PutFunctionCodeSigningConfig',
    ],
    FileSystemConfigs: ['elasticfilesystem:DescribeMountTargets', 's3files:ListMountTargets'],
    FunctionScalingConfig: ['lambda:PutFunctionScalingConfig'],
    KmsKeyArn: ['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
    PublishToLatestPublished: ['lambda:PublishVersion'],
    RecursiveLoop: ['lambda:PutFunctionRecursionConfig'],
    ReservedConcurrentExecutions: ['lambda:DeleteFunctionConcurrency', 'lambda:PutFunctionConcurrency'],
    RuntimeManagementConfig: ['lambda:PutRuntimeManagementConfig'],
    VpcConfig: [
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcs',
    ],
  },
  'AWS::Lambda::Version': {
    FunctionScalingConfig: ['lambda:PutFunctionScalingConfig'],
    ProvisionedConcurrencyConfig: ['lambda:PutProvisionedConcurrencyConfig'],
    RuntimePolicy: ['lambda:PutRuntimeManagementConfig'],
  },
  'AWS::Logs::LogGroup': {
    BearerTokenAuthenticationEnabled: ['logs:PutBearerTokenAuthentication'],
    DataProtectionPolicy: [
      ...['logs:DeleteDataProtectionPolicy', 'logs:PutDataProtectionPolicy', 'logs:CreateLogDelivery'],
      'firehose:TagDeliveryStream',
    ],
    DeletionProtectionEnabled: ['logs:PutLogGroupDeletionProtection'],
    FieldIndexPolicies: ['logs:DeleteIndexPolicy', 'logs:PutIndexPolicy'],
    KmsKeyId: ['logs:AssociateKmsKey', 'logs:DisassociateKmsKey'],
    ResourcePolicyDocument: ['logs:DeleteResourcePolicy', 'logs:PutResourcePolicy'],
  },
  'AWS::Route53Resolver::FirewallDomainList': { DomainFileUrl: ['route53resolver:ImportFirewallDomains'] },
  'AWS::S3::Bucket': {
    AbacStatus: ['s3:PutBucketAbac'],
    AccelerateConfiguration: ['s3:PutAccelerateConfiguration'],
    AccessControl: ['s3:PutBucketAcl', 's3:PutObjectAcl'],
    AnalyticsConfigurations: ['s3:PutAnalyticsConfiguration'],
    CorsConfiguration: ['s3:PutBucketCORS'],
    IntelligentTieringConfigurations: ['s3:PutIntelligentTieringConfiguration'],
    InventoryConfigurations: ['s3:PutInventoryConfiguration'],
    LoggingConfiguration: ['s3:PutBucketLogging'],
    MetadataConfiguration: [
      ...['CreateBucketMetadataTableConfiguration', 'DeleteBucketMetadataTableConfiguration'].map((a) => `s3:${a}`),
      ...['Annotation', 'Inventory', 'Journal'].map((table) => `s3:UpdateBucketMetadata${table}TableConfiguration`),
      ...['CreateNamespace', 'CreateTable', 'CreateTableBucket', 'GetTable', 'GetTableMetadataLocation'].map(
        (action) => `s3tables:${action}`,
      ),
      ...['PutTableBucketPolicy', 'PutTableEncryption', 'PutTablePolicy', 'UpdateTableMetadataLocation'].map(
        (action) => `s3tables:${action}`,
      ),
    ],
    MetricsConfigurations: ['s3:PutMetricsConfiguration'],
    NotificationConfiguration: ['s3:PutBucketNotification'],
    ObjectLockConfiguration: ['s3:PutBucketObjectLockConfiguration'],
    ReplicationConfiguration: ['iam:PassRole', 's3:PutReplicationConfiguration'],
    VersioningConfiguration: ['s3:PutBucketVersioning'],
    WebsiteConfiguration: ['s3:DeleteBucketWebsite', 's3:PutBucketWebsite'],
  },
  'AWS::SecretsManager::RotationSchedule': { HostedRotationLambda: ['iam:PassRole'] },
  'AWS::SecretsManager::Secret': {
    ReplicaRegions: ['secretsmanager:RemoveRegionsFromReplication', 'secretsmanager:ReplicateSecretToRegions'],
  },
  'AWS::StepFunctions::StateMachine': {
    DefinitionS3Location: ['s3:GetObject', 's3:GetObjectVersion'],
    EncryptionConfiguration: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'],
  },
};

/** Actions of the registry that no deployment needs, with the reason. */
export const unneeded: Record<string, string> = {
  'secretsmanager:GetSecretValue': 'Values of secrets are not compared; nothing in the templates refers to one.',
  's3:DeleteObject': 'The bucket is never emptied by CloudFormation.',
  ...Object.fromEntries(
    [
      ...['s3:DeleteBucketAnalyticsConfiguration', 's3:DeleteBucketCors', 's3:DeleteBucketEncryption'],
      ...['s3:DeleteBucketLifecycle', 's3:DeleteBucketMetricsConfiguration', 's3:DeleteBucketReplication'],
      ...['s3:DeleteBucketTagging', 's3:GetObjectMetadata', 's3:PutBucketReplication', 's3:REST.PUT.OBJECT'],
      ...['s3:PutObjectLockConfiguration'],
    ].map((action) => [action, 'IAM has no such action: the action of putting allows it.']),
  ),
};
