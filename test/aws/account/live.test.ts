/** `npm run test:live` does what it says, against an account that is a stand-in. */
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../support/aws/template.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';

let dynamo: TestDynamo;
let server: Server;
const definitions: unknown[] = [];
beforeAll(async () => {
  dynamo = await startDynamo(':memory:');
  // https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
  // https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
  server = createServer(async (request, response) => {
    const body = await text(request);
    if (request.headers['x-amz-target'] === 'AWSStepFunctions.ValidateStateMachineDefinition') {
      definitions.push(JSON.parse(JSON.parse(body).definition));
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      response.end(JSON.stringify({ result: 'OK', diagnostics: [], truncated: false }));
      return;
    }
    response.setHeader('content-type', 'text/xml');
    response.end(
      '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ada</Arn><UserId>AIDA</UserId><Account>123456789012</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await dynamo.close();
  server.close();
});

async function live(account: string | undefined, ...more: string[]): Promise<{ code: number; output: string }> {
  const endpoint = await dynamo.client.config.endpoint?.();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NO_COLOR: '1',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'none',
    AWS_ENDPOINT_URL_DYNAMODB: `http://${endpoint?.hostname}:${endpoint?.port}`,
    AWS_ENDPOINT_URL_STS: url,
    AWS_ENDPOINT_URL_SFN: url,
    ...(account === undefined ? {} : { DRYDOCK_LIVE: account }),
  };
  const program = `${root}/node_modules/vitest/vitest.mjs`;
  try {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [program, 'run', '--project', 'live', ...more],
      { cwd: root, env, maxBuffer: 1e8 },
    );
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

test('it runs the contract of the stores on tables that it makes and deletes, and has the definition checked', async () => {
  const { code, output } = await live('123456789012', '-t', 'in an account|accepts the definition');
  expect(output).toMatch(/Test Files +2 passed/);
  expect(code).toBe(0);
  expect(Number(/Tests +(\d+) passed/.exec(output)?.[1])).toBeGreaterThan(30);
  const { TableNames } = await dynamo.client.send(new ListTablesCommand({}));
  expect(TableNames?.filter((name) => name.startsWith('drydock-live'))).toEqual([]);
  expect(definitions).toEqual([expect.objectContaining({ StartAt: 'Validate' })]);
});

test('it asks for the account by its number, and refuses credentials of another', async () => {
  const without = await live(undefined, 'test/live');
  expect([without.code, without.output]).toEqual([1, expect.stringContaining('Set DRYDOCK_LIVE')]);
  const other = await live('999999999999', 'test/live');
  expect([other.code, other.output]).toEqual([1, expect.stringContaining('the credentials are of 123456789012')]);
});
