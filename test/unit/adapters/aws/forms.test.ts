/**
 * What the code reads of AWS, in the form that AWS documents: each file of test/golden/aws-forms names the page that it was
 * taken from (AWS-REVIEW 4.1). A new form belongs there first.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ECSClient, ListTasksCommand } from '@aws-sdk/client-ecs';
import { DecryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { HttpResponse } from '@smithy/core/protocols';
import { afterAll, describe, expect, test } from 'vitest';
import { readEnded } from '../../../../adapters/aws/ended-execution.ts';
import { awsError } from '../../../../adapters/aws/errors.ts';
import { createStepFunctions } from '../../../../adapters/aws/executions.ts';
import { endOfPhase, readStopped, type StoppedTask } from '../../../../adapters/aws/phases/stopped.ts';
import { readBatch, readMessage } from '../../../../adapters/aws/queue.ts';
import { createRotation } from '../../../../adapters/aws/rotation/rotation.ts';
import { iamRoute } from '../../../../lambdas/http/iam-route.ts';

const deploymentKey = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:DeploymentKey-Ab12Cd';
const folder = resolve(import.meta.dirname, '../../../golden/aws-forms');
const files = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
const read = new Set<string>();
const form = (name: string): { source: string; body: unknown } => {
  read.add(name);
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as { source: string; body: unknown };
};
const body = (name: string): unknown => form(name).body;

afterAll(() => {
  expect(
    files.filter((name) => !read.has(name)),
    'forms that no test reads',
  ).toEqual([]);
});

test('each form names a page of AWS', () => {
  for (const name of files) {
    const { source } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as { source: string };
    expect(source, name).toMatch(/^https:\/\/docs\.aws\.amazon\.com\//);
  }
});

describe('a stopped task of ECS', () => {
  const phase = { phaseId: 'r-0123456789abcdef/build/1', phaseKey: 'r-0123456789abcdef/build/1/1', attempt: 1 };
  const imageDigest = `sha256:${'a'.repeat(64)}`;

  test.each<[string, object]>([
    [
      'ecs-stopped-with-guardduty',
      {
        role: 'sandbox',
        interrupted: false,
        imageDigest,
        reason: 'EssentialContainerExited; Essential container in task exited; exit code 1',
      },
    ],
    ['ecs-stopped-spot', { role: 'sandbox', interrupted: true, imageDigest }],
    ['ecs-stopped-cannot-pull', { role: 'sandbox', interrupted: false, reason: expect.stringMatching(/not found$/) }],
    ['ecs-stopped-out-of-memory', { role: 'gateway', reason: expect.stringContaining('OutOfMemoryError') }],
    ['ecs-stopped-minimal', { role: 'gateway', interrupted: false, reason: '' }],
  ])('%s', (name, expected) => {
    expect(readStopped(body(name))).toMatchObject({ ...phase, ...expected });
  });

  test.each([
    ['ecs-stopped-cannot-pull', 'ImageMissing'],
    ['ecs-stopped-spot', 'SandboxInterrupted'],
    ['ecs-stopped-out-of-memory', 'GatewayOutOfMemory'],
    ['ecs-stopped-minimal', 'SandboxLost'],
  ])('%s ends a phase as %s', async (name, error) => {
    const stopped = readStopped(body(name)) as StoppedTask;
    const store = { end: async () => undefined, calls: async () => [] };
    expect(await endOfPhase(store, stopped, undefined)).toMatchObject({ failure: { name: error } });
  });

  test('of a service is not a phase', () => {
    expect(readStopped(body('ecs-stopped-foreign'))).toBeUndefined();
  });
});

describe('an execution that ended', () => {
  test.each<[string, object]>([
    ['states-failed', { stopped: false, reason: "An error occurred while executing the state 'Plan'." }],
    ['states-failed-without-cause', { stopped: false, reason: 'The execution ended as FAILED.' }],
    ['states-timed-out', { stopped: false, reason: 'The execution ended as TIMED_OUT.' }],
    ['states-aborted', { stopped: true }],
  ])('%s', (name, expected) => {
    expect(readEnded(body(name))).toMatchObject({ name: 'r-0123456789abcdef', ...expected });
  });
});

test('a batch of the queue, a rotation, and calls through API Gateway', async () => {
  const [record] = readBatch(body('sqs-batch'));
  expect(readMessage(record?.body ?? '')).toMatchObject({
    event: { kind: 'push', repository: 'acme/api', branch: 'main' },
  });

  const asked: unknown[] = [];
  const client = { send: async ({ input }: { input: unknown }) => asked.push(input) && {} };
  const kinds = new Map([[deploymentKey, { next: () => 'x', test: () => undefined }]]);
  const rotate = createRotation(client as never, kinds, { now: () => 0, sleep: async () => undefined });
  await expect(rotate(body('secrets-rotation'))).rejects.toThrow('the secret has no rotation');
  expect(asked).toEqual([{ SecretId: deploymentKey }]);

  const route = iamRoute('POST /operate', async ({ arn }) => ({ status: 200, text: arn }));
  expect(await route(body('http-api-iam'))).toMatchObject({
    statusCode: 200,
    body: 'arn:aws:sts::111122223333:assumed-role/lead/ada',
  });
  expect(await route(body('http-api-without-authorizer'))).toMatchObject({ statusCode: 403 });
});

describe('an error', () => {
  interface Response {
    service: string;
    status: number;
    headers: Record<string, string>;
    text: string;
  }
  /** A client that gets this response, so that the SDK makes the error of it. */
  const answered = ({ status: statusCode, headers, text }: Response) => ({
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'none' },
    requestHandler: {
      handle: async () => ({
        response: new HttpResponse({ statusCode, headers, body: new Blob([text]).stream() }),
      }),
    },
  });
  const calls: Record<string, (response: Response) => Promise<unknown>> = {
    dynamodb: (response) => new DynamoDBClient(answered(response)).send(new ListTablesCommand({})),
    ecs: (response) => new ECSClient(answered(response)).send(new ListTasksCommand({})),
    kms: (response) =>
      new KMSClient(answered(response)).send(new DecryptCommand({ CiphertextBlob: new Uint8Array(1) })),
    s3: (response) => new S3Client(answered(response)).send(new ListBucketsCommand({})),
    states: (response) => createStepFunctions(new SFNClient(answered(response)), 'arn').succeed('token', {}),
  };
  const thrown = async (name: string): Promise<unknown> => {
    const response = body(`error-${name}`) as Response;
    return calls[response.service]?.(response).then(
      (answer) => answer,
      (error: unknown) => awsError(error),
    );
  };

  test.each([
    'dynamodb-throughput',
    'dynamodb-throttling',
    'dynamodb-internal',
    'states-throttled',
    's3-slow-down',
    'ecs-throttled',
  ])('%s may pass', async (name) => {
    expect(await thrown(name)).toMatchObject({ name: 'Conflict' });
  });

  test.each([
    ['dynamodb-access-denied', 'dynamodb:GetItem on arn:aws:dynamodb:us-east-1:123456789012:table/runs'],
    ['kms-access-denied', 'kms:Decrypt on arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0a1b-4c3d-8e9f-0123456789ab'],
    ['s3-access-denied', 's3:GetObject on arn:aws:s3:::artifacts/a'],
  ])('%s names what to allow', async (name, what) => {
    expect(await thrown(name)).toMatchObject({ name: 'ServiceRefused', remedy: expect.stringContaining(what) });
  });

  test('dynamodb-validation stays refused', async () => {
    expect(await thrown('dynamodb-validation')).toMatchObject({ message: 'AWS answered ValidationException.' });
  });

  test.each([
    'states-task-timed-out',
    'states-task-does-not-exist',
    'states-invalid-token',
  ])('%s: nobody waits for the answer', async (name) => {
    expect(await thrown(name)).toBe(false);
  });
});
