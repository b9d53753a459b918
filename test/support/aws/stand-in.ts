/**
 * AWS as far as Drydock calls it, over HTTP on loopback: the SDK comes here by `AWS_ENDPOINT_URL`, unchanged. Speaks the
 * services' own protocols; what it does not know it refuses, and `unknown` remembers, so that a test fails on it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AwsCall, AwsRefusal, type JsonOperation } from './call.ts';
import { type AwsFault, Cut, suffer } from './faults.ts';
import { needsOf } from './needs.ts';
import { objects } from './objects.ts';
import { type Asked, askedOf, queryServices, signedBy } from './protocols.ts';

export interface AwsStandIn {
  url: string;
  calls: AwsCall[];
  unknown: string[];
  /** Bytes by `bucket/key`. */
  objects: Map<string, Uint8Array>;
  /** Called before an operation is done; throws to refuse it. */
  fault?: ((call: AwsCall) => void) | undefined;
  faults: AwsFault[];
  close(): Promise<void>;
}

interface Answer {
  status: number;
  body: Buffer;
  type?: string;
  headers?: Record<string, string>;
}

/**
 * @param operations by action; one of STS answers with XML, all others with what is sent as JSON.
 * @param dynamo URL of the embedded DynamoDB.
 */
export async function startAws(operations: Record<string, JsonOperation>, dynamo = ''): Promise<AwsStandIn> {
  const bucket = objects();
  const aws: AwsStandIn = {
    url: '',
    calls: [],
    unknown: [],
    objects: bucket.bytes,
    faults: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  const unknown = (what: string): AwsRefusal => {
    aws.unknown.push(what);
    return new AwsRefusal('UnknownOperationException', `the stand-in does not know ${what}`);
  };

  const answer = async (request: IncomingMessage, body: Buffer): Promise<Answer> => {
    const signed = signedBy(request);
    if (!signed) throw new AwsRefusal('MissingAuthenticationToken', 'unsigned', 403);
    const url = new URL(request.url ?? '/', 'http://aws');
    const asked = askedOf(request, signed.service, url, body);
    const object = signed.service === 's3' ? bucket.callOf(request.method ?? '', url) : undefined;
    const { action, resource = resourceOf(asked?.input ?? {}), input = {} } = { ...asked, ...object };
    if (action === undefined) throw unknown(`${signed.service}: ${request.method} ${url.pathname}`);
    const needs = needsOf(action, resource, input);
    const call: AwsCall = { action, resource, input, principal: signed.principal, needs };
    aws.calls.push(call);
    aws.fault?.(call);
    const { lost } = suffer(aws.faults, call);
    const done = asked ? await operate(asked, request, body, call) : bucket.answer(request, url, body);
    if (lost) throw new Cut();
    return done;
  };

  const operate = async (asked: Asked, request: IncomingMessage, body: Buffer, call: AwsCall): Promise<Answer> => {
    if (asked.action.startsWith('dynamodb:') && dynamo !== '') return forward(dynamo, request, body, call);
    const operation = operations[asked.action];
    if (!operation) throw unknown(asked.action);
    let said: unknown;
    try {
      said = (await operation(asked.input)) ?? {};
    } catch (error) {
      // A function's own error comes as an answer; only Lambda's are refusals.
      if (asked.action !== 'lambda:Invoke' || error instanceof AwsRefusal) throw error;
      const { name: errorType, message: errorMessage } = error as Error;
      const body = Buffer.from(JSON.stringify({ errorType, errorMessage }));
      return { status: 200, body, headers: { 'x-amz-function-error': 'Unhandled' } };
    }
    if (asked.protocol === 'form') return { status: 200, body: Buffer.from(String(said)), type: 'text/xml' };
    const type = asked.protocol === 'path' ? 'application/json' : 'application/x-amz-json-1.1';
    return { status: 200, body: Buffer.from(JSON.stringify(said)), type };
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      answer(request, Buffer.concat(chunks)).then(
        ({ status, body, type = 'application/x-amz-json-1.1', headers }) => {
          response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': 'r', ...headers });
          response.end(request.method === 'HEAD' ? undefined : body);
        },
        (error: unknown) => refuse(request, response, error),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  aws.url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return aws;
}

interface Units {
  CapacityUnits: number;
}
const writes = /:(Put|Update|Delete|TransactWrite)Items?$/;

/** To the embedded DynamoDB, which is asked what a write takes. */
async function forward(dynamo: string, request: IncomingMessage, body: Buffer, call: AwsCall): Promise<Answer> {
  const names = ['authorization', 'content-type', 'x-amz-date', 'x-amz-target'];
  const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name])]));
  const counted = writes.test(call.action)
    ? JSON.stringify({ ...call.input, ReturnConsumedCapacity: 'TOTAL' })
    : new Uint8Array(body);
  const answered = await fetch(dynamo, { method: 'POST', headers, body: counted });
  const said = Buffer.from(await answered.arrayBuffer());
  if (typeof counted === 'string' && answered.ok) {
    const { ConsumedCapacity } = JSON.parse(said.toString('utf8')) as { ConsumedCapacity?: Units | Units[] };
    call.writeUnits = [ConsumedCapacity ?? []].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
  }
  return { status: answered.status, body: said };
}

/** In the words of the service's protocol. */
function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (error instanceof Cut) return void request.socket.destroy();
  const refusal = error instanceof AwsRefusal ? error : new AwsRefusal('InternalFailure', String(error), 500);
  const { status, code, message } = refusal;
  const service = signedBy(request)?.service ?? '';
  const xml = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message.replace(/[<&]/g, '')}</Message></Error>`;
  const body =
    service === 's3'
      ? `<?xml version="1.0"?>${xml}`
      : service === 'ec2'
        ? // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
          `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors>${xml}</Errors><RequestID>r</RequestID></Response>`
        : queryServices.has(service)
          ? // https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
            `<ErrorResponse xmlns="https://${service}.amazonaws.com/doc/">${xml}<RequestId>r</RequestId></ErrorResponse>`
          : JSON.stringify({ __type: code, message });
  response.writeHead(status, {
    'content-type': body.startsWith('{') ? 'application/x-amz-json-1.1' : 'application/xml',
    'x-amzn-errortype': code,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
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
    'FunctionName',
    'FromEmailAddress',
    'RoleArn',
  ];
  for (const name of [...names, 'cluster']) if (typeof input[name] === 'string') return input[name];
  return '';
};
