import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb';
import { byTimeIndex, unfinishedIndex } from '../../adapters/aws/dynamo/table/tables.ts';

/** Names of the tables; on AWS they come from the stack. */
export const testTables = { runs: 'runs', ledger: 'ledger', gates: 'gates' };

export interface TestDynamo {
  client: DynamoDBClient;
  close(): Promise<void>;
}

/** Attempts to start on a free port: another process may take the port in between. */
const startAttempts = 5;
/** Startup takes a fraction of a second; this limit is for a machine under load. */
const startMs = 20_000;

/**
 * Starts an embedded DynamoDB on a file, or in memory, and creates the tables. It holds the adapter of AWS to the wire
 * protocol. It listens on loopback for anybody, so the product must not use it. It ends with this process, even after
 * SIGKILL.
 */
export async function startDynamo(file: string): Promise<TestDynamo> {
  const program = createRequire(import.meta.url).resolve('@dynoxide/linux-x64/dynoxide');
  let output = '';
  for (let attempt = 0; attempt < startAttempts; attempt++) {
    const port = await freePort();
    const { command, args } = dieWithParent(program, [
      'serve',
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--db-path',
      file,
    ]);
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: {} });
    output = await listening(child);
    if (output === '') return connect(`http://127.0.0.1:${port}`, child);
    child.kill('SIGKILL');
    if (!output.includes('in use')) break;
  }
  throw new Error(`The embedded DynamoDB did not start: ${output.slice(0, 500)}`);
}

/** `setpriv` (util-linux) makes the kernel kill the server when its parent process ends for any reason. */
function dieWithParent(program: string, args: string[]): { command: string; args: string[] } {
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
  return setpriv === undefined
    ? { command: program, args }
    : { command: setpriv, args: ['--pdeathsig', 'KILL', '--', program, ...args] };
}

/** Resolves with an empty text when the server listens, otherwise with its output before it ended. */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let output = '';
    const finish = (answer: string): void => {
      clearTimeout(late);
      // Further output is read and discarded: a full pipe would block the server.
      for (const stream of [child.stdout, child.stderr]) stream?.off('data', read).resume();
      resolve(answer);
    };
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes('listening on')) finish('');
    };
    const late = setTimeout(() => finish(output.trim() || 'no output'), startMs);
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.on('error', (error) => finish(error.message));
    child.on('exit', (code) => finish(output.trim() || `it exited with ${code}`));
  });
}

async function connect(endpoint: string, child: ChildProcess): Promise<TestDynamo> {
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  for (const request of createTableRequests(testTables)) {
    await client.send(new CreateTableCommand(request)).catch((error: unknown) => {
      if (!(error instanceof ResourceInUseException)) throw error;
    });
  }
  return {
    client,
    async close() {
      client.destroy();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 2_000);
      await gone;
      clearTimeout(late);
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

const keys = {
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
} as const;

/** Requests that create the tables. The stack (lib/storage) declares the same schema. */
export function createTableRequests(names: typeof testTables): CreateTableCommandInput[] {
  return [
    {
      TableName: names.runs,
      BillingMode: keys.BillingMode,
      KeySchema: [...keys.KeySchema],
      AttributeDefinitions: [
        ...keys.AttributeDefinitions,
        { AttributeName: 'listKey', AttributeType: 'S' },
        { AttributeName: 'createdAt', AttributeType: 'S' },
        { AttributeName: 'unfinished', AttributeType: 'S' },
      ],
      GlobalSecondaryIndexes: (
        [
          [byTimeIndex, 'listKey'],
          [unfinishedIndex, 'unfinished'],
        ] as const
      ).map(([IndexName, AttributeName]) => ({
        IndexName,
        KeySchema: [
          { AttributeName, KeyType: 'HASH' },
          { AttributeName: 'createdAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      })),
    },
    ...[names.ledger, names.gates].map((TableName) => ({
      TableName,
      BillingMode: keys.BillingMode,
      KeySchema: [...keys.KeySchema],
      AttributeDefinitions: [...keys.AttributeDefinitions],
    })),
  ];
}
