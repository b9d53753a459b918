import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DrydockError } from '../../../core/errors.ts';
import { isTableThere } from '../../aws/dynamo/table/table.ts';
import { createTableRequests, localTables } from '../../aws/dynamo/table/tables.ts';

export interface LocalDynamo {
  client: DynamoDBClient;
  close(): Promise<void>;
}

/** Attempts to start on a free port: another process may take the port in between. */
const startAttempts = 5;
/** Startup takes a fraction of a second; this limit is for a machine under load. */
const startMs = 20_000;

/**
 * Starts the embedded DynamoDB on a file, or connects to `AWS_ENDPOINT_URL_DYNAMODB` if that is set, and creates the
 * tables. The server ends with this process, even after SIGKILL. @throws EngineUnavailable.
 */
export async function startDynamo(
  file: string,
  endpoint = process.env.AWS_ENDPOINT_URL_DYNAMODB,
): Promise<LocalDynamo> {
  if (endpoint !== undefined && endpoint !== '') return connect(endpoint, undefined);
  const program = serverProgram();
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
  throw new DrydockError('EngineUnavailable', `The embedded DynamoDB did not start: ${output.slice(0, 500)}`);
}

function serverProgram(): string {
  try {
    return createRequire(import.meta.url).resolve('@dynoxide/linux-x64/dynoxide');
  } catch {
    throw new DrydockError('EngineUnavailable', 'The embedded DynamoDB does not support this platform.', {
      remedy:
        'Install with optional dependencies on Linux x64, or set AWS_ENDPOINT_URL_DYNAMODB to a DynamoDB endpoint.',
    });
  }
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

async function connect(endpoint: string, child: ChildProcess | undefined): Promise<LocalDynamo> {
  const client = new DynamoDBClient({
    endpoint,
    region: process.env.AWS_REGION ?? 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  for (const request of createTableRequests(localTables)) {
    await client.send(new CreateTableCommand(request)).catch((error: unknown) => {
      if (!isTableThere(error)) throw error;
    });
  }
  return {
    client,
    async close() {
      client.destroy();
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
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
