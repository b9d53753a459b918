import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Grant } from './grants.ts';
import type { FunctionName } from './names.ts';
import { bucketArn, type State, tableArn } from './state.ts';

/**
 * What a function needs beside what all do: run records, gates, artifacts, and the code host, where each says how its run
 * stands.
 * - `money`: reservations, calls, places among the concurrent runs
 * - `tokens`: seals or opens task tokens
 * - `answer`: answers a waiting state
 * - `launch`: starts the two tasks of a phase; `stop`: ends them
 * - `models`: the keys of model providers
 */
export type Need = 'money' | 'tokens' | 'answer' | 'launch' | 'stop' | 'models';

const gate: Need[] = ['tokens', 'answer'];
const place: Need[] = ['money', ...gate];

export const needs: Record<FunctionName, readonly Need[]> = {
  validate: [],
  estimate: [],
  // What it supersedes is stopped: its gates answered, its phases ended.
  claim: [...place, 'stop'],
  reserve: place,
  queue: place,
  plan: ['money', 'tokens', 'launch', 'models'],
  'plan-gate': gate,
  build: ['money', 'tokens', 'launch', 'models'],
  'checkpoint-gate': gate,
  // A change that the guard refuses is answered without a sandbox.
  verify: [...place, 'launch'],
  'ask-human': gate,
  publish: [],
  'await-ci': gate,
  'review-gate': gate,
  deliver: [],
  settle: [...place, 'stop'],
  'settle-phase': [...place, 'stop'],
};

export interface Surroundings {
  state: State;
  /** ARN of the machine, made from its name: the machine names the functions, so they cannot name it. */
  stateMachine: string;
  cluster: string;
  clusterName: string;
  taskPatterns: string[];
  executionRoles: string[];
}

const items = (table: string, actions: string[]): Grant => ({
  actions: actions.map((action) => `dynamodb:${action}`),
  resources: [table],
});

/** The statements of one function's role; `*` alone is no resource of any. */
export function grantsOf(scope: Construct, name: FunctionName, around: Surroundings): Grant[] {
  const { state } = around;
  const { region, urlSuffix } = Stack.of(scope);
  const inCluster = { ArnEquals: { 'ecs:cluster': around.cluster } };
  const tasks = Stack.of(scope).formatArn({
    service: 'ecs',
    resource: 'task',
    resourceName: `${around.clusterName}/*`,
  });

  const stopping: Grant = {
    actions: ['ecs:DescribeTasks', 'ecs:StopTask'],
    resources: [tasks],
    conditions: inCluster,
    because: 'ECS makes up the ids of tasks; the cluster holds nothing else.',
  };
  const secret = (arn: string): Grant => ({ actions: ['secretsmanager:GetSecretValue'], resources: [arn] });

  const byNeed: Record<Need, Grant[]> = {
    money: [items(tableArn(scope, state.ledger), ['DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'])],
    tokens: [
      {
        actions: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey'],
        resources: [state.key],
        conditions: { StringEquals: { 'kms:EncryptionContext:drydock': 'task-token' } },
      },
    ],
    answer: [{ actions: ['states:SendTaskFailure', 'states:SendTaskSuccess'], resources: [around.stateMachine] }],
    launch: [
      {
        actions: ['ecs:RunTask'],
        resources: around.taskPatterns,
        conditions: inCluster,
        because: 'A revision made by an update must be startable before the policy names it.',
      },
      {
        actions: ['iam:PassRole'],
        resources: around.executionRoles,
        conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
      },
      stopping,
      secret(state.deployment),
    ],
    stop: [stopping],
    models: [secret(state.models)],
  };

  const bucket = bucketArn(scope, state.artifacts);
  const stores = ['dynamodb', 's3', 'secretsmanager'].map((service) => `${service}.${region}.${urlSuffix}`);
  return [
    items(tableArn(scope, state.runs), ['GetItem', 'PutItem', 'Query']),
    items(tableArn(scope, state.gates), ['DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem']),
    {
      actions: ['s3:GetObject', 's3:PutObject'],
      resources: [`${bucket}/*`],
      because: 'Artifacts are named by their digest, which nobody knows before.',
    },
    // Without this S3 answers 403, not 404, to who asks for what is not there.
    { actions: ['s3:ListBucket'], resources: [bucket] },
    secret(state.github),
    // The stores use the key in the caller's name.
    {
      actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
      resources: [state.key],
      conditions: { StringEquals: { 'kms:ViaService': stores } },
    },
    ...needs[name].flatMap((need) => byNeed[need]),
  ];
}
