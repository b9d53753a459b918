import { any, arn, of, on, type Rule } from './rule.ts';

export const ec2 = (...actions: string[]): Rule[] => [on(of('ec2', ...actions, 'CreateTags', 'DeleteTags'), ...any)];
export const resolver = (...actions: string[]): Rule[] => [
  on(of('route53resolver', ...actions, 'TagResource', 'UntagResource', 'ListTagsForResource'), ...any),
];
export const lambda = arn('lambda', 'function:Drydock*');
/** A name of the API, in the settings. */
export const domains = [
  on(
    of('apigateway', 'DELETE', 'GET', 'PATCH', 'POST', 'PUT', 'TagResource', 'UntagResource'),
    ...['domainnames', 'domainnames/*', 'tags/*'].map((path) => `arn:aws:apigateway:REGION::/${path}`),
  ),
];
export const api = [
  on(
    of('apigateway', 'DELETE', 'GET', 'PATCH', 'POST', 'PUT', 'TagResource', 'UntagResource'),
    ...['apis', 'apis/*', 'tags/*'].map((path) => `arn:aws:apigateway:REGION::/${path}`),
  ),
];
/** Names of secrets start with the logical id. */
export const secretNames = arn('secretsmanager', 'secret:Storage*');
/** Actions that services need to write logs by delivery; they have no resource ARN. */
export const deliveries = on(
  of(
    'logs',
    'CreateLogDelivery',
    'DeleteLogDelivery',
    'DescribeIndexPolicies',
    'DescribeLogGroups',
    'DescribeResourcePolicies',
    'GetLogDelivery',
    'ListLogDeliveries',
    'PutResourcePolicy',
    'UpdateLogDelivery',
  ),
  ...any,
);
export const groups = ['Drydock*', '/aws/vendedlogs/*/Drydock*'].map((name) => arn('logs', `log-group:${name}`));
export const queues = [
  on(
    of(
      'sqs',
      'CreateQueue',
      'DeleteQueue',
      'GetQueueAttributes',
      'GetQueueUrl',
      'ListQueueTags',
      'SetQueueAttributes',
      'TagQueue',
      'UntagQueue',
    ),
    arn('sqs', 'Drydock*'),
  ),
];
export const buckets = [
  on(
    of(
      's3',
      'CreateBucket',
      'DeleteBucket',
      'DeleteBucketPolicy',
      'GetBucketOwnershipControls',
      'GetBucketPolicy',
      'GetBucketPublicAccessBlock',
      'GetBucketTagging',
      'GetBucketVersioning',
      'GetEncryptionConfiguration',
      'GetLifecycleConfiguration',
      'ListBucket',
      'PutBucketOwnershipControls',
      'PutBucketPolicy',
      'PutBucketPublicAccessBlock',
      'PutBucketTagging',
      'PutEncryptionConfiguration',
      'PutLifecycleConfiguration',
    ),
    'arn:aws:s3:::drydockstate-*',
  ),
];
export const roles = [
  on(
    of(
      'iam',
      'AttachRolePolicy',
      'CreateRole',
      'DeleteRole',
      'DeleteRolePolicy',
      'DetachRolePolicy',
      'GetRole',
      'GetRolePolicy',
      'ListAttachedRolePolicies',
      'ListRolePolicies',
      'PutRolePolicy',
      'TagRole',
      'UntagRole',
      'UpdateAssumeRolePolicy',
      'UpdateRole',
    ),
    arn('iam', 'role/Drydock*', ''),
  ),
];
