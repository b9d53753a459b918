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

export interface Surroundings {
  state: State;
  /** Name of the machine. The machine names the functions, so its ARN is made, not asked for. */
  machine: string;
  sandbox: Pick<Sandbox, 'cluster' | 'clusterName' | 'taskPatterns' | 'taskRoles'>;
  /** Sender of mail, where the policy names one. */
  mailFrom: string | undefined;
  /** ARN of the queue between webhook and webhook-worker. */
  queue: string;
  /** Queues of what could not be worked off. */
  deadLetters: IQueue[];
  /** Where people sign in and see pages. */
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

/** Part of the bucket: `orders` are trusted by the broker, so few may write there. */
const objects = (
  scope: Construct,
  state: State,
  part: 'artifacts' | 'orders' | 'phases',
  ...actions: string[]
): Grant => ({
  actions,
  resources: [`${bucketArn(scope, state.artifacts)}/${part}/*`],
  because: 'Objects are named by a digest or by the phase, which nobody knows before.',
});

/** Without this S3 answers 403, not 404, to who asks for what is not there. */
const missing = (scope: Construct, state: State): Grant => ({
  actions: ['s3:ListBucket'],
  resources: [bucketArn(scope, state.artifacts)],
});

/** The statements of one function's role. */
export function grantsOf(scope: Construct, name: FunctionName, around: Surroundings): Grant[] {
  return needs[name].flatMap((need) => byNeed[need](scope, around));
}

const byNeed: Record<Need, (scope: Construct, around: Surroundings) => Grant[]> = {
  run: (scope, { state }) => [
    items(tableArn(scope, state.runs), ['Query']),
    objects(scope, state, 'artifacts', 's3:GetObject'),
    missing(scope, state),
    // Who serves GitHub is known before it is asked.
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
      because: 'A revision made by an update must be startable before the policy names it.',
    },
    {
      actions: ['iam:PassRole'],
      resources: sandbox.taskRoles,
      conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    },
    secret(state.deployment),
    objects(scope, state, 'orders', 's3:PutObject'),
    // The calls of an earlier attempt are charged before the next one starts.
    objects(scope, state, 'phases', 's3:GetObject', 's3:PutObject'),
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
        because: 'ECS makes up the ids of tasks; the cluster holds nothing else.',
      },
      {
        actions: ['ecs:ListTasks'],
        resources: ['*'],
        conditions,
        because: 'Tasks of Fargate are listed by no resource of IAM; the condition names the cluster.',
      },
    ];
  },
  notify: (scope, { state, mailFrom }) => [
    secret(state.slack),
    // What was said is remembered, so that it is said once.
    items(tableArn(scope, state.gates), ['GetItem', 'PutItem', 'UpdateItem']),
    ...(mailFrom === undefined ? [] : [mail(scope, mailFrom)]),
  ],
  policy: () => [],
  ages: (_, { state }) => [
    { actions: ['secretsmanager:DescribeSecret'], resources: [state.github, state.models, state.slack] },
  ],
  start: (scope, { machine }) => [{ actions: ['states:StartExecution'], resources: [machineArn(scope, machine)] }],
  look: (scope, { machine }) => [
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
      because: 'Executions are named by the run, which nobody knows before.',
    },
  ],
  list: (scope, { state }) => [
    items(`${tableArn(scope, state.runs)}/index/byTime`, ['Query']),
    items(tableArn(scope, state.runs), ['BatchGetItem']),
  ],
  broker: (scope, { state }) => [
    objects(scope, state, 'orders', 's3:GetObject'),
    secret(state.deployment, state.github, state.models),
    // A grant is good while its phase runs; what is minted is remembered, so that it is revoked when the run ends.
    items(tableArn(scope, state.gates), ['GetItem', 'PutItem', 'Query']),
    seals(state.key, 'credential'),
    throughStores(scope, state.key, 'dynamodb', 's3', 'secretsmanager'),
  ],
  receive: (scope, { state, queue }) => [
    secret(state.github),
    throughStores(scope, state.key, 'secretsmanager'),
    { actions: ['sqs:SendMessage'], resources: [queue] },
  ],
  // Reads only. Of a key of a model it tells whether it is there.
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
      because: 'Settings of the account have no ARN in IAM.',
    },
  ],
  // Writes that one secret, and does not read it.
  setup: (scope, { state }) => [
    { actions: ['secretsmanager:DescribeSecret', 'secretsmanager:PutSecretValue'], resources: [state.github] },
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

/** SES takes a sender by its address or its domain, whichever was verified. */
const identities = (scope: Construct, from: string): string[] =>
  [from, from.slice(from.lastIndexOf('@') + 1)].map((resourceName) =>
    Stack.of(scope).formatArn({ service: 'ses', resource: 'identity', resourceName }),
  );

function mail(scope: Construct, from: string): Grant {
  return {
    actions: ['ses:SendEmail'],
    resources: identities(scope, from),
    conditions: { StringEquals: { 'ses:FromAddress': from } },
  };
}
