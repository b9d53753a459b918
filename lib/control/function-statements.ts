import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Grant } from '../iam/grant.ts';
import { machineArn, throughStores } from '../iam/through-stores.ts';
import { type FunctionName, fargateQuota, sealedAs } from '../names.ts';
import type { Sandbox } from '../sandbox/tasks.ts';
import { bucketArn, repositoryArn, type State, tableArn } from '../storage/state.ts';
import { type Need, needs } from './function-permissions.ts';
import type { Pages } from './pages.ts';

export interface PermissionContext {
  state: State;
  /**
   * Name of the state machine. Its definition refers to the functions, so its ARN is built from the name to avoid a
   * cycle.
   */
  machine: string;
  sandbox: Pick<Sandbox, 'cluster' | 'clusterName' | 'taskPatterns' | 'taskRoles'>;
  /** Sender of mail, if the policy names one. */
  mailFrom: string | undefined;
  /** ARN of the queue between webhook and webhook-worker. */
  queue: string;
  /** Dead-letter queues. */
  deadLetters: IQueue[];
  /** The pages, if the deployment has any. */
  pages: Pages | undefined;
}

const colon = ArnFormat.COLON_RESOURCE_NAME;

const items = (table: string, actions: string[]): Grant => ({
  actions: actions.map((action) => `dynamodb:${action}`),
  resources: [table],
});
const secret = (...resources: string[]): Grant => ({ actions: ['secretsmanager:GetSecretValue'], resources });
const seals = (key: string, kind: keyof typeof sealedAs): Grant => ({
  actions: ['kms:Decrypt', 'kms:Encrypt'],
  resources: [key],
  conditions: { StringEquals: { 'kms:EncryptionContext:drydock': sealedAs[kind] } },
});

const answers = (scope: Construct, machine: string): Grant[] => [
  { actions: ['states:SendTaskFailure', 'states:SendTaskSuccess'], resources: [machineArn(scope, machine)] },
];

/** Objects in one part of the bucket. The broker trusts `orders`, so only few functions may write there. */
const objects = (
  scope: Construct,
  state: State,
  part: 'agents' | 'artifacts' | 'orders' | 'phases',
  ...actions: string[]
): Grant => ({
  actions,
  resources: [`${bucketArn(scope, state.artifacts)}/${part}/*`],
  because: 'Object names contain a digest or a phase id, which is not known at deployment.',
});

/** Without this permission S3 answers 403 instead of 404 for a missing object. */
const missing = (scope: Construct, state: State): Grant => ({
  actions: ['s3:ListBucket'],
  resources: [bucketArn(scope, state.artifacts)],
});

/** The statements of one function's role. */
export function grantsOf(scope: Construct, name: FunctionName, context: PermissionContext): Grant[] {
  return needs[name].flatMap((need) => byNeed[need](scope, context));
}

const byNeed: Record<Need, (scope: Construct, context: PermissionContext) => Grant[]> = {
  run: (scope, { state }) => [
    items(tableArn(scope, state.runs), ['Query']),
    objects(scope, state, 'artifacts', 's3:GetObject'),
    missing(scope, state),
    // The code host is looked up in the App's secret before the first API call.
    secret(state.github),
    throughStores(scope, state.key, 'dynamodb', 's3', 'secretsmanager'),
  ],
  record: (scope, { state }) => [items(tableArn(scope, state.runs), ['PutItem'])],
  seen: (scope, { state }) => [items(tableArn(scope, state.runs), ['GetItem'])],
  keep: (scope, { state }) => [objects(scope, state, 'artifacts', 's3:PutObject')],
  gates: (scope, { state }) => [items(tableArn(scope, state.gates), ['GetItem', 'PutItem', 'Query', 'UpdateItem'])],
  host: (scope, { state }) => [
    items(tableArn(scope, state.gates), ['PutItem', 'Query']),
    seals(state.key, 'credential'),
  ],
  revoke: (scope, { state }) => [items(tableArn(scope, state.gates), ['DeleteItem'])],
  money: (scope, { state }) => [items(tableArn(scope, state.ledger), ['GetItem', 'PutItem', 'Query', 'UpdateItem'])],
  leave: (scope, { state }) => [items(tableArn(scope, state.ledger), ['DeleteItem'])],
  tokens: (_, { state }) => [seals(state.key, 'token')],
  answer: (scope, { machine }) => answers(scope, machine),
  launch: (scope, { state, sandbox }) => [
    {
      actions: ['ecs:RunTask'],
      resources: sandbox.taskPatterns,
      conditions: { ArnEquals: { 'ecs:cluster': sandbox.cluster } },
      because: 'A new revision must be startable before the policy names it.',
    },
    {
      actions: ['iam:PassRole'],
      resources: sandbox.taskRoles,
      conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    },
    secret(state.deployment),
    objects(scope, state, 'orders', 's3:PutObject'),
    objects(scope, state, 'agents', 's3:GetObject', 's3:PutObject'),
    // The calls of an earlier attempt are charged before the next attempt starts.
    objects(scope, state, 'phases', 's3:GetObject', 's3:PutObject'),
  ],
  tell: (scope, { state }) => [
    {
      actions: ['s3:PutObject'],
      resources: [`${bucketArn(scope, state.artifacts)}/phases/*/remarks.json`],
      because: 'The name contains the id of a phase, which is not known at deployment.',
    },
  ],
  collect: (scope, { state }) => [
    objects(scope, state, 'orders', 's3:GetObject'),
    objects(scope, state, 'phases', 's3:GetObject'),
  ],
  stop: (scope, { sandbox }) => {
    const conditions = { ArnEquals: { 'ecs:cluster': sandbox.cluster } };
    const resourceName = `${sandbox.clusterName}/*`;
    return [
      {
        actions: ['ecs:DescribeTasks', 'ecs:StopTask'],
        resources: [Stack.of(scope).formatArn({ service: 'ecs', resource: 'task', resourceName })],
        conditions,
        because: 'ECS generates task ids; the cluster has no other tasks.',
      },
      {
        actions: ['ecs:ListTasks'],
        resources: ['*'],
        conditions,
        because: 'IAM has no resource for listing Fargate tasks; the condition names the cluster.',
      },
    ];
  },
  notify: (scope, { state, mailFrom }) => [
    secret(state.slack),
    // Messages are stored with what was sent of them, so that each is sent once.
    items(tableArn(scope, state.gates), ['DeleteItem', 'GetItem', 'PutItem', 'Query', 'BatchGetItem']),
    ...(mailFrom === undefined ? [] : [mail(scope, mailFrom)]),
  ],
  announce: (_, { queue }) => [{ actions: ['sqs:SendMessage'], resources: [queue] }],
  policy: () => [],
  ages: (_, { state }) => [
    { actions: ['secretsmanager:DescribeSecret'], resources: [state.github, state.models, state.slack] },
  ],
  start: (scope, { machine }) => [{ actions: ['states:StartExecution'], resources: [machineArn(scope, machine)] }],
  inspect: (scope, { machine }) => [
    {
      actions: ['states:DescribeExecution', 'states:GetExecutionHistory'],
      resources: [
        Stack.of(scope).formatArn({
          service: 'states',
          resource: 'execution',
          resourceName: `${machine}:*`,
          arnFormat: colon,
        }),
      ],
      because: 'Execution names contain the run id, which is not known at deployment.',
    },
  ],
  list: (scope, { state }) => [
    items(`${tableArn(scope, state.runs)}/index/byTime`, ['Query']),
    items(tableArn(scope, state.runs), ['BatchGetItem']),
    // The open gates of the runs on a page.
    items(tableArn(scope, state.gates), ['BatchGetItem']),
  ],
  unfinished: (scope, { state }) => [
    items(`${tableArn(scope, state.runs)}/index/unfinished`, ['Query']),
    items(tableArn(scope, state.runs), ['BatchGetItem']),
  ],
  survey: (scope, { state, machine }) => [
    items(tableArn(scope, state.gates), ['BatchGetItem']),
    { actions: ['states:ListExecutions'], resources: [machineArn(scope, machine)] },
  ],
  broker: (scope, { state }) => [
    objects(scope, state, 'orders', 's3:GetObject'),
    secret(state.deployment, state.github, state.models),
    // A grant is valid while its phase runs. Minted tokens are recorded, so that the end of the run revokes them.
    items(tableArn(scope, state.gates), ['GetItem', 'PutItem', 'Query']),
    seals(state.key, 'credential'),
    throughStores(scope, state.key, 'dynamodb', 's3', 'secretsmanager'),
  ],
  receive: (scope, { state, queue }) => [
    secret(state.github),
    throughStores(scope, state.key, 'secretsmanager'),
    { actions: ['sqs:SendMessage'], resources: [queue] },
  ],
  // Read-only. It reports whether a model key exists, never the key.
  diagnose: (scope, { state, mailFrom, deadLetters }) => [
    secret(state.deployment, state.github, state.models, state.slack),
    throughSecrets(scope, state.key, 'kms:Decrypt'),
    { actions: ['ecr:DescribeImages'], resources: [repositoryArn(scope, state.images)] },
    { actions: ['sqs:GetQueueAttributes'], resources: deadLetters.map(({ queueArn }) => queueArn) },
    {
      actions: ['servicequotas:GetServiceQuota'],
      resources: [
        Stack.of(scope).formatArn({ service: 'servicequotas', resource: 'fargate', resourceName: fargateQuota }),
      ],
    },
    ...(mailFrom === undefined ? [] : [{ actions: ['ses:GetEmailIdentity'], resources: identities(scope, mailFrom) }]),
    {
      actions: ['lambda:GetAccountSettings', ...(mailFrom === undefined ? [] : ['ses:GetAccount'])],
      resources: ['*'],
      because: 'Account settings have no ARN in IAM.',
    },
  ],
  // It writes this one secret and cannot read it.
  setup: (scope, { state }) => [
    {
      actions: ['secretsmanager:DescribeSecret', 'secretsmanager:PutSecretValue', 'secretsmanager:RotateSecret'],
      resources: [state.github],
    },
    throughSecrets(scope, state.key, 'kms:Decrypt', 'kms:GenerateDataKey'),
  ],
  rotate: (scope, { state, pages }) => [
    {
      actions: [
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
        'secretsmanager:PutSecretValue',
        'secretsmanager:UpdateSecretVersionStage',
      ],
      resources: [state.github, state.deployment, ...(pages ? [pages.sessions] : [])],
    },
    throughStores(scope, state.key, 'secretsmanager'),
  ],
  pages: (_, { pages }) =>
    pages ? [secret(pages.sessions, ...(pages.clientSecret === undefined ? [] : [pages.clientSecret]))] : [],
  work: (_, { queue }) => [
    {
      actions: ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
      resources: [queue],
    },
  ],
};

function throughSecrets(scope: Construct, key: string, ...actions: string[]): Grant {
  const { region, urlSuffix } = Stack.of(scope);
  return {
    actions,
    resources: [key],
    conditions: { StringEquals: { 'kms:ViaService': `secretsmanager.${region}.${urlSuffix}` } },
  };
}

/** SES accepts a sender by its verified address or by its verified domain. */
const identities = (scope: Construct, from: string): string[] =>
  [from, from.slice(from.lastIndexOf('@') + 1)].map((resourceName) =>
    Stack.of(scope).formatArn({ service: 'ses', resource: 'identity', resourceName }),
  );

function mail(scope: Construct, from: string): Grant {
  return {
    actions: ['ses:SendEmail'],
    resources: [Stack.of(scope).formatArn({ service: 'ses', resource: 'identity', resourceName: '*' })],
    conditions: { StringEquals: { 'ses:FromAddress': from } },
    because:
      'SES asks IAM for the identity of each recipient too, where the account has one; the condition names the only sender.',
  };
}
