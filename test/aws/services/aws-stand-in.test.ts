import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { thrownBy } from '../../machine/contract/aws-fixture.ts';
import { on } from '../../support/aws/faults.ts';
import { needsOf } from '../../support/aws/needs.ts';
import { type AwsStandIn, startAws } from '../../support/aws/stand-in.ts';

let aws: AwsStandIn;
const options = () => ({
  endpoint: aws.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIAME', secretAccessKey: 'x' },
});
beforeAll(async () => {
  aws = await startAws({
    'lambda:Invoke'({ Payload }) {
      if ((Payload as { fail?: boolean }).fail) throw Object.assign(new Error('no'), { name: 'DeliveryRefused' });
      return { got: Payload };
    },
  });
});
afterAll(() => aws.close());

describe('the stand-in for AWS', () => {
  it('refuses what it does not know, aloud, and remembers it', async () => {
    const s3 = new S3Client(options());
    for (const work of [
      new SFNClient(options()).send(new ListStateMachinesCommand({})),
      s3.send(new DeleteObjectCommand({ Bucket: 'b', Key: 'k' })),
    ])
      expect(await thrownBy(work)).toMatchObject({ name: 'UnknownOperationException' });
    expect(aws.unknown).toEqual(['states:ListStateMachines', 's3: DELETE /b/k']);
  });

  it('answers nobody who does not sign', async () => {
    const headers = { 'x-amz-target': 'AWSStepFunctions.StartExecution', 'content-type': 'application/x-amz-json-1.0' };
    for (const authorization of [
      undefined,
      'AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/states/aws4_request',
    ]) {
      const given = { ...headers, ...(authorization ? { authorization } : {}) };
      expect((await fetch(aws.url, { method: 'POST', headers: given, body: '{}' })).status).toBe(403);
    }
  });

  it('lists objects page by page, as S3 does, and hears who asks for what', async () => {
    const s3 = new S3Client(options());
    for (const Key of ['a/2', 'a/1 & <x>', 'b/1']) await s3.send(new PutObjectCommand({ Bucket: 'b', Key, Body: 'x' }));
    const first = await s3.send(new ListObjectsV2Command({ Bucket: 'b', Prefix: 'a/', MaxKeys: 1 }));
    expect(first).toMatchObject({ IsTruncated: true, Contents: [{ Key: 'a/1 & <x>', Size: 1 }] });
    const token = first.NextContinuationToken;
    const second = await s3.send(new ListObjectsV2Command({ Bucket: 'b', Prefix: 'a/', ContinuationToken: token }));
    expect(second).toMatchObject({ IsTruncated: false, Contents: [{ Key: 'a/2' }] });
    expect(aws.calls.at(-1)).toMatchObject({
      principal: 'AKIAME',
      needs: [{ action: 's3:ListBucket', resource: 'arn:aws:s3:::b' }],
    });
  });

  it("gives a function's own error as an answer, and Lambda's as a refusal", async () => {
    const lambda = new LambdaClient(options());
    const invoke = async (payload: object) => {
      const command = new InvokeCommand({ FunctionName: 'broker', Payload: JSON.stringify(payload) });
      const { FunctionError, Payload } = await lambda.send(command);
      return [FunctionError, JSON.parse(Buffer.from(Payload ?? []).toString())];
    };
    expect(await invoke({ n: 1 })).toEqual([undefined, { got: { n: 1 } }]);
    expect(await invoke({ fail: true })).toEqual(['Unhandled', { errorType: 'DeliveryRefused', errorMessage: 'no' }]);
    expect(aws.calls.at(-1)?.needs).toEqual([{ action: 'lambda:InvokeFunction', resource: 'broker' }]);
    aws.faults.push({ match: on('lambda:Invoke'), do: { code: 'TooManyRequestsException', status: 429 } });
    expect(await invoke({ n: 2 })).toEqual([undefined, { got: { n: 2 } }]);
  });

  it('says what IAM asks for: each table of a transaction, an index, the roles that are passed', () => {
    const items = [{ Put: { TableName: 'a' } }, { Update: { TableName: 'b' } }, { Put: { TableName: 'a' } }];
    expect(needsOf('dynamodb:TransactWriteItems', '', { TransactItems: items })).toEqual([
      { action: 'dynamodb:PutItem', resource: 'a' },
      { action: 'dynamodb:UpdateItem', resource: 'b' },
    ]);
    expect(needsOf('dynamodb:Query', 'runs', { IndexName: 'byTime' })).toEqual([
      { action: 'dynamodb:Query', resource: 'runs/index/byTime' },
    ]);
    expect(needsOf('ecs:RunTask', 'task:1', { overrides: { taskRoleArn: 'r' } })).toEqual([
      { action: 'ecs:RunTask', resource: 'task:1' },
      { action: 'iam:PassRole', resource: 'r' },
    ]);
  });
});
