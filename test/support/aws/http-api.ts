/** API Gateway's HTTP API on loopback: the routes of the template, payload format 2.0, and 404 for everything else. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

interface FunctionAnswer {
  statusCode: number;
  headers?: Record<string, string>;
  cookies?: string[];
  body?: string;
  isBase64Encoded?: boolean;
}

export interface HttpApi {
  /** `http://localhost:<port>`: another site than `127.0.0.1` to a browser. */
  origin: string;
  /** While true, every request is over the limit of its route, and no function hears of it. */
  throttled: boolean;
  /** Calls a function: name and event. */
  call: (name: string, event: unknown) => Promise<unknown>;
  close(): Promise<void>;
}

/** @param routes Function by route key: `POST /webhook`, `GET /{proxy+}`. `call` is set before the first request. */
export async function startHttpApi(routes: () => ReadonlyMap<string, string>): Promise<HttpApi> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (api.throttled) return void response.writeHead(429).end('{"message":"Too Many Requests"}');
      const { pathname } = new URL(request.url ?? '/', 'http://api');
      const found = [
        `${request.method} ${pathname}`,
        ...(pathname === '/' ? [] : [`${request.method} /{proxy+}`]),
      ].find((key) => routes().has(key));
      if (found === undefined) return void response.writeHead(404).end('{"message":"Not Found"}');
      api.call(routes().get(found) ?? '', eventOf(request, found, Buffer.concat(chunks))).then(
        (answer) => {
          const { statusCode, headers, cookies = [], body = '', isBase64Encoded } = answer as FunctionAnswer;
          response.writeHead(statusCode, { ...headers, ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}) });
          response.end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
        },
        // What a function throws stays inside.
        () => response.writeHead(500).end('{"message":"Internal Server Error"}'),
      );
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const api: HttpApi = {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    throttled: false,
    call: () => Promise.reject(new Error('nobody is there yet')),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return api;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
function eventOf(request: IncomingMessage, routeKey: string, body: Buffer): object {
  const { pathname, search } = new URL(request.url ?? '/', 'http://api');
  const { cookie, ...headers } = request.headers;
  return {
    version: '2.0',
    routeKey,
    rawPath: pathname,
    rawQueryString: search.slice(1),
    ...(cookie === undefined ? {} : { cookies: cookie.split('; ') }),
    headers,
    requestContext: {
      domainName: request.headers.host,
      http: { method: request.method, path: pathname, protocol: 'HTTP/1.1', sourceIp: '', userAgent: '' },
      stage: '$default',
    },
    ...(body.length > 0 ? { body: body.toString('base64') } : {}),
    isBase64Encoded: body.length > 0,
  };
}
