/**
 * API Gateway as the command line meets it: routes that IAM authorizes. It checks each signature with the caller's key and
 * tells the function who called, in payload format 2.0, as AWS documents it.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { AwsV4Signer } from 'aws4fetch';

export interface ApiCaller {
  secret: string;
  userArn: string;
  /** Routes that its role may call; all unless said otherwise. */
  may?: string[];
}

export interface HttpApi {
  url: string;
  /** Events that functions got. */
  events: Record<string, unknown>[];
  /** Changes an event before the function gets it. */
  meddle?: ((event: Record<string, unknown>) => void) | undefined;
  /** Status for the next requests, before anything is done. */
  faults: number[];
  close(): Promise<void>;
}

/** @param callers by access key id. @param call invokes the function of a route. */
export async function httpApi(
  callers: Map<string, ApiCaller>,
  call: (route: string, event: unknown) => Promise<unknown>,
): Promise<HttpApi> {
  const answer = async (request: IncomingMessage, body: string): Promise<[number, string]> => {
    const fault = api.faults.shift();
    if (fault !== undefined) return [fault, '{"message":"Too Many Requests"}'];
    const [, key = ''] = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
    const caller = callers.get(key);
    const route = `${request.method} ${request.url}`;
    if (!caller || !(await isSigned(request, body, api.url, key, caller.secret)))
      return [403, '{"message":"Forbidden"}'];
    if (caller.may && !caller.may.includes(route)) return [403, '{"message":"Forbidden"}'];
    const event: Record<string, unknown> = {
      version: '2.0',
      routeKey: route,
      rawPath: request.url,
      rawQueryString: '',
      headers: request.headers,
      requestContext: {
        accountId: '123456789012',
        apiId: 'api-id',
        authentication: null,
        authorizer: {
          iam: {
            accessKey: key,
            accountId: '123456789012',
            callerId: 'AROACALLERID:session',
            cognitoIdentity: null,
            principalOrgId: 'o-org',
            userArn: caller.userArn,
            userId: 'AROACALLERID:session',
          },
        },
        http: { method: request.method, path: request.url, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' },
        requestId: 'request-1',
        stage: '$default',
        time: '21/Nov/2026:12:00:00 +0000',
        timeEpoch: 1795262400000,
      },
      body,
      isBase64Encoded: false,
    };
    api.meddle?.(event);
    api.events.push(event);
    const said = (await call(route, event)) as { statusCode: number; body: string };
    return [said.statusCode, said.body];
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      answer(request, Buffer.concat(chunks).toString('utf8')).then(
        ([status, text]) => response.writeHead(status, { 'content-type': 'application/json' }).end(text),
        () =>
          response.writeHead(500, { 'content-type': 'application/json' }).end('{"message":"Internal Server Error"}'),
      );
    });
  });
  const api: HttpApi = {
    url: '',
    events: [],
    faults: [],
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  api.url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return api;
}

/** Signs the same request with the same key, and compares. */
async function isSigned(
  { headers, url, method }: IncomingMessage,
  body: string,
  base: string,
  accessKeyId: string,
  secretAccessKey: string,
): Promise<boolean> {
  const [, region = '', service = '', names = ''] =
    /Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+)/.exec(
      headers.authorization ?? '',
    ) ?? [];
  const token = headers['x-amz-security-token'];
  const again = new AwsV4Signer({
    method: method ?? '',
    url: `${base}${url}`,
    headers: Object.fromEntries(
      names
        .split(';')
        .filter((name) => !['host', 'x-amz-date', 'x-amz-security-token'].includes(name))
        .map((name) => [name, String(headers[name])]),
    ),
    body,
    accessKeyId,
    secretAccessKey,
    region,
    service,
    datetime: String(headers['x-amz-date']),
    ...(typeof token === 'string' ? { sessionToken: token } : {}),
  });
  return service === 'execute-api' && (await again.authHeader()) === headers.authorization;
}
