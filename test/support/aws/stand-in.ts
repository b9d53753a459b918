/**
 * AWS as far as Drydock calls it, over HTTP on loopback: the SDK comes here by `AWS_ENDPOINT_URL`, unchanged. Speaks the
 * services' own protocols; what it does not know it refuses, and `unknown` remembers, so that a test fails on it.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { objects } from './objects.ts';

export interface AwsCall {
  /** Access key id: who asked. */
  principal: string;
  /** `dynamodb:PutItem`, as IAM spells it. */
  action: string;
  /** Table, key, secret, task… as the request names it. */
  resource: string;
  input: Record<string, unknown>;
}

/** A refusal in AWS's words. */
export class AwsRefusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export type JsonOperation = (input: Record<string, unknown>) => unknown;

export interface AwsStandIn {
  url: string;
  calls: AwsCall[];
  unknown: string[];
  /** Bytes by `bucket/key`. */
  objects: Map<string, Uint8Array>;
  /** Called before an operation is done; throws to refuse it. */
  fault?: ((call: AwsCall) => void) | undefined;
  close(): Promise<void>;
}

/** By the prefix of `x-amz-target`. */
const services: Record<string, string> = {
  DynamoDB_20120810: 'dynamodb',
  AWSStepFunctions: 'states',
  secretsmanager: 'secretsmanager',
  TrentService: 'kms',
  AmazonSQS: 'sqs',
  AmazonEC2ContainerServiceV20141113: 'ecs',
};

/** @param operations by IAM action. @param dynamo URL of the embedded DynamoDB. */
export async function startAws(operations: Record<string, JsonOperation>, dynamo: string): Promise<AwsStandIn> {
  const bucket = objects();
  const aws: AwsStandIn = {
    url: '',
    calls: [],
    unknown: [],
    objects: bucket.bytes,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };

  const answer = async (request: IncomingMessage, body: Buffer) => {
    if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 '))
      throw new AwsRefusal('MissingAuthenticationToken', 'unsigned', 403);
    const principal = /Credential=([^/]+)\//.exec(request.headers.authorization)?.[1] ?? '';
    const [prefix = '', operation = ''] = String(request.headers['x-amz-target'] ?? '').split('.');
    const service = services[prefix];
    if (service === undefined) return rest(request, body, principal);
    const input = JSON.parse(body.toString()) as Record<string, unknown>;
    const call = { principal, action: `${service}:${operation}`, resource: resourceOf(input), input };
    aws.calls.push(call);
    aws.fault?.(call);
    if (service === 'dynamodb') {
      const names = ['authorization', 'content-type', 'x-amz-date', 'x-amz-target'];
      const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name])]));
      const forwarded = await fetch(dynamo, { method: 'POST', headers, body });
      return { status: forwarded.status, body: Buffer.from(await forwarded.arrayBuffer()) };
    }
    const done = operations[call.action];
    if (!done) throw unknown(call.action);
    return { status: 200, body: Buffer.from(JSON.stringify((await done(input)) ?? {})) };
  };

  const rest = (request: IncomingMessage, body: Buffer, principal: string) => {
    const url = new URL(request.url ?? '/', 'http://aws');
    const form = new URLSearchParams(body.toString('latin1'));
    if (request.method === 'POST' && url.pathname === '/' && form.has('Action')) {
      const input = Object.fromEntries(form);
      const call = { principal, action: `sts:${input.Action}`, resource: input.RoleArn ?? '', input };
      aws.calls.push(call);
      aws.fault?.(call);
      const done = operations[call.action];
      if (!done) throw unknown(call.action);
      return { status: 200, body: Buffer.from(String(done(input))), type: 'text/xml' };
    }
    const found = bucket.callOf(request.method ?? '', url);
    const call = found && { principal, ...found };
    if (!call) throw unknown(`${request.method} ${url.pathname}`);
    aws.calls.push(call);
    aws.fault?.(call);
    return bucket.answer(request, url, body);
  };

  const unknown = (what: string): AwsRefusal => {
    aws.unknown.push(what);
    return new AwsRefusal('UnknownOperationException', `the stand-in does not know ${what}`);
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      answer(request, Buffer.concat(chunks)).then(
        ({ status, body, ...more }) => {
          const type = 'type' in more && more.type ? more.type : 'application/x-amz-json-1.1';
          const headers = 'headers' in more ? more.headers : {};
          response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': 'r', ...headers });
          response.end(request.method === 'HEAD' ? undefined : body);
        },
        (error: unknown) => {
          const refusal = error instanceof AwsRefusal ? error : new AwsRefusal('InternalFailure', String(error), 500);
          const { status, code, message } = refusal;
          const json = request.headers['x-amz-target'] !== undefined;
          response.writeHead(status, {
            'content-type': json ? 'application/x-amz-json-1.1' : 'application/xml',
            'x-amzn-errortype': code,
          });
          response.end(
            json
              ? JSON.stringify({ __type: code, message })
              : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
          );
        },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  aws.url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return aws;
}

/** The one thing a request is about, whatever the service calls it. */
const resourceOf = (input: Record<string, unknown>): string => {
  const names = [
    'TableName',
    'SecretId',
    'KeyId',
    'QueueUrl',
    'stateMachineArn',
    'executionArn',
    'taskDefinition',
    'task',
  ];
  for (const name of [...names, 'cluster']) if (typeof input[name] === 'string') return input[name];
  return '';
};
