/** An account in which `npm run test:live` may make and delete tables: docs/live.md. */
import { randomBytes } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { createTableRequests, type testTables } from './dynamo.ts';

/** Seconds that DynamoDB has for a table. */
const maxWaitTime = 300;

/** @throws Error unless the credentials are of the account that `DRYDOCK_LIVE` names. */
export async function checkAccount(): Promise<void> {
  const named = process.env.DRYDOCK_LIVE ?? '';
  if (!/^\d{12}$/.test(named)) {
    throw new Error('Set DRYDOCK_LIVE to the twelve digits of an account in which tables may be made: docs/live.md.');
  }
  const { Account } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
  if (Account !== named) throw new Error(`DRYDOCK_LIVE is ${named}, and the credentials are of ${Account}.`);
}

/** Tables of their own, which are deleted at the end. */
export async function makeLiveTables(): Promise<{
  client: DynamoDBClient;
  tables: typeof testTables;
  close(): Promise<void>;
}> {
  await checkAccount();
  const client = new DynamoDBClient({});
  const prefix = `drydock-live-${randomBytes(4).toString('hex')}`;
  const tables = { runs: `${prefix}-runs`, ledger: `${prefix}-ledger`, gates: `${prefix}-gates` };
  const names = Object.values(tables);
  const close = async (): Promise<void> => {
    for (const TableName of names) {
      await waitUntilTableExists({ client, maxWaitTime }, { TableName });
      await client.send(new DeleteTableCommand({ TableName }));
    }
    for (const TableName of names) await waitUntilTableNotExists({ client, maxWaitTime }, { TableName });
    client.destroy();
  };
  for (const request of createTableRequests(tables)) await client.send(new CreateTableCommand(request));
  try {
    for (const TableName of names) await waitUntilTableExists({ client, maxWaitTime }, { TableName });
  } catch (error) {
    await close();
    throw error;
  }
  return { client, tables, close };
}
