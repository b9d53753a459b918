/** Hosts whose TLS the gateway ends: what rules allow is asked of the host, and everything else is refused. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../gateway/authority/authority.ts';
import type { GatewayConfig } from '../../../gateway/config.ts';
import type { Network } from '../../../gateway/egress/connect.ts';
import type { GatewayMessage } from '../../../gateway/messages.ts';
import { createGateway } from '../../../gateway/server.ts';
import { configOf, secrets } from '../../unit/gateway/fixture.ts';

const token = 'token-of-the-test-api-0123456789';
const rules: GatewayConfig['rules'] = [
  { host: 'api.example.com', methods: ['GET'], paths: ['/v1/**', '/tags/*'], bodyBytes: 1_000 },
  { host: 'api.example.com', methods: ['POST'], paths: ['/v1/items'], bodyBytes: 1_000 },
  {
    host: 'secret.example.com',
    methods: ['GET', 'POST'],
    paths: ['/**'],
    bodyBytes: 1_000,
    credential: { name: 'authorization', value: `Bearer ${token}` },
  },
];

interface Asked {
  method: string;
  path: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}
let upstream: https.Server;
let asked: Asked[];
let folder: string;
let told: GatewayMessage[];
let closing: (() => void)[];
const before = tls.getCACertificates('default');

beforeAll(async () => {
  // The host proves itself to the gateway with a certificate of an authority that the gateway's machine trusts.
  const public_ = await createAuthority();
  tls.setDefaultCACertificates([...before, public_.certificate]);
  const contexts = new Map<string, tls.SecureContext>();
  for (const host of ['api.example.com', 'secret.example.com']) contexts.set(host, public_.contextOf(host));
  upstream = https.createServer(
    { SNICallback: (name, done) => done(null, contexts.get(name)) },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        asked.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
        answerOf(request, response, body);
      });
    },
  );
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
});
afterAll(() => {
  tls.setDefaultCACertificates(before);
  upstream.closeAllConnections();
  upstream.close();
});

function answerOf(request: http.IncomingMessage, response: http.ServerResponse, body: string): void {
  const given = request.headers.authorization ?? '';
  switch (request.url?.split('?')[0]) {
    case '/v1/moved':
      response.writeHead(302, { location: `https://elsewhere.example.com/?token=${encodeURIComponent(given)}` }).end();
      break;
    case '/echo':
      response.writeHead(200, { 'x-echo': given, 'content-type': 'application/json' });
      response.write(JSON.stringify({ given, body }).slice(0, 30));
      response.end(
        JSON.stringify({ given, body }).slice(30) +
          Buffer.from(given).toString('base64') +
          Buffer.from(token).toString('base64') +
          Buffer.from(token).toString('hex'),
      );
      break;
    case '/squeezed':
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(Buffer.from([0x1f, 0x8b]));
      break;
    default:
      response.writeHead(200, { 'alt-svc': 'h3=":443"' }).end(`answer to ${request.method} ${request.url}`);
  }
}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'gw-'));
  told = [];
  asked = [];
  closing = [];
});
afterEach(() => {
  for (const close of closing) close();
  rmSync(folder, { recursive: true });
});

interface Gateway {
  socket: string;
  authority: string;
  dialed: string[];
}

async function start(changes: Partial<GatewayConfig> = {}): Promise<Gateway> {
  const dialed: string[] = [];
  const network: Network = {
    resolve: async (host) => (host === 'private.example.com' ? ['10.0.0.1'] : ['93.184.216.34']),
    dial(address, port, host) {
      dialed.push(`${host} ${address}:${port}`);
      return net.connect((upstream.address() as AddressInfo).port, '127.0.0.1');
    },
  };
  const config = configOf(folder, { rules, ...changes });
  const own = told;
  const server = await createGateway(config, (message) => own.push(message), network);
  server.listen(config.socket);
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const facts = await new Promise<string>((resolve, reject) => {
    const headers = { authorization: `Bearer ${secrets.runner}` };
    http
      .get({ socketPath: config.socket, path: '/egress', headers }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve(text));
      })
      .on('error', reject);
  });
  return { socket: config.socket, authority: (JSON.parse(facts) as { authority: string }).authority, dialed };
}

const proxy = { 'proxy-authorization': `Basic ${Buffer.from(`agent:${secrets.agent}`).toString('base64')}` };

/** A TLS connection through the gateway, as a program makes one that trusts the authority of the phase. */
async function open(gateway: Gateway, host: string): Promise<tls.TLSSocket> {
  const socket = await new Promise<net.Socket>((resolve, reject) => {
    const path = `${host}:443`;
    const request = http.request({ socketPath: gateway.socket, method: 'CONNECT', path, headers: proxy });
    request.on('connect', (_response, socket) => resolve(socket));
    request.on('error', reject);
    request.end();
  });
  const secure = tls.connect({ socket, servername: host, ca: gateway.authority });
  closing.push(() => secure.destroy());
  await once(secure, 'secureConnect');
  return secure;
}

/** The requests of a connection follow each other on it. */
const agents = new WeakMap<tls.TLSSocket, http.Agent>();

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

function ask(
  connection: tls.TLSSocket,
  method: string,
  target: string,
  {
    host = connection.servername || 'api.example.com',
    headers = {},
    body,
  }: Partial<{ host: string; headers: http.OutgoingHttpHeaders; body: string | Buffer }> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const agent = agents.get(connection) ?? new http.Agent({ keepAlive: true });
    agent.createConnection = () => connection;
    agents.set(connection, agent);
    const request = http.request({ agent, method, path: target, headers: { host, ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** What comes back for these bytes, until the connection is closed. */
async function raw(connection: tls.TLSSocket, bytes: string): Promise<string> {
  let text = '';
  connection.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  connection.write(bytes);
  await once(connection, 'close');
  return text;
}

const refusals = () => told.flatMap((m) => (m.type === 'refusal' ? [m.refusal] : []));
const traffic = () => told.flatMap((m) => (m.type === 'traffic' ? [m] : []));

describe('a host with rules', () => {
  test('R15: GET of a path of the rule is asked of the host, at the address that was checked, and is reported', async () => {
    const gateway = await start();
    const answer = await ask(await open(gateway, 'api.example.com'), 'GET', '/v1/items?page=2');
    expect(answer).toMatchObject({ status: 200, body: 'answer to GET /v1/items?page=2' });
    expect(answer.headers['alt-svc']).toBeUndefined();
    expect(gateway.dialed).toEqual(['api.example.com 93.184.216.34:443']);
    expect(traffic()).toEqual([
      { type: 'traffic', route: 'rule', target: 'GET api.example.com/v1/items', status: 200, bytes: 30 },
    ]);
    expect(refusals()).toEqual([]);
  });

  test.each([
    ['POST', '/v1/other', 403, 'no rule allows this path'],
    ['DELETE', '/v1/items', 403, 'no rule allows DELETE; the rules allow GET, POST'],
    ['GET', '/v2/items', 403, 'no rule allows this path'],
    ['GET', '/tags/a/b', 403, 'no rule allows this path'],
    ['GET', '/tags/a%2Fb', 403, 'no rule allows this path'],
    ['GET', '/v1%2Fitems', 403, 'no rule allows this path'],
    ['GET', '/v1/../v2/items', 400, 'the path has a dot segment'],
    ['GET', '/v1/%2e%2e/v2/items', 400, 'the path has a dot segment'],
    ['GET', '/v1/..%2fv2/items', 400, 'the path has a dot segment'],
    ['GET', '/v1/..;/v2/items', 400, 'the path has a dot segment'],
    ['GET', '/v1/%252e%252e/v2', 400, 'the path is percent-encoded twice'],
    ['GET', '/v1/a%5c..%5cb', 400, 'the path has an encoded backslash or control character'],
    ['GET', '/v1//items', 400, 'the path has an empty segment'],
    ['GET', '/v1/%zz', 400, 'the path has an invalid percent-encoding'],
    ['GET', 'https://other.example.com/v1/items', 400, 'the target is not a path'],
  ])('%s %s: %i, and nothing is asked', async (method, target, status, reason) => {
    const gateway = await start();
    const answer = await ask(await open(gateway, 'api.example.com'), method, target);
    expect(answer.status).toBe(status);
    expect(refusals()).toMatchObject([{ reason, target: `${method} api.example.com${target}` }]);
    expect(gateway.dialed).toEqual([]);
  });

  test('C8: a refusal says the line of the policy and the one of the spec that would allow it, in answer and report', async () => {
    const answer = await ask(await open(await start(), 'api.example.com'), 'GET', '/v2/items');
    const lines = {
      allow: 'egress: {rules: [{host: api.example.com, methods: [GET], paths: ["/v2/items"]}]}',
      allowInSpec: 'sandbox: {egress: [api.example.com]}',
    };
    expect(JSON.parse(answer.body)).toMatchObject({ error: lines });
    expect(refusals()).toMatchObject([lines]);
  });

  test('each request of a connection is judged, and one that is refused does not end it', async () => {
    const gateway = await start();
    const connection = await open(gateway, 'api.example.com');
    const statuses: number[] = [];
    for (const target of ['/v1/a', '/v2/a', '/v1/b', '/v1/../x', '/v1/c'])
      statuses.push((await ask(connection, 'GET', target)).status);
    expect(statuses).toEqual([200, 403, 200, 400, 200]);
    expect(asked.map(({ path }) => path)).toEqual(['/v1/a', '/v1/b', '/v1/c']);
  });

  test.each([
    [
      'both lengths',
      'POST /v1/items HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v2/x HTTP/1.1\r\nHost: api.example.com\r\n\r\n',
    ],
    [
      'two lengths',
      'POST /v1/items HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd',
    ],
    ['a length with a sign', 'POST /v1/items HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: +4\r\n\r\nabcd'],
    [
      'an obsolete line fold',
      'GET /v1/a HTTP/1.1\r\nHost: api.example.com\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\nGET /v2/x HTTP/1.1\r\n\r\n',
    ],
    [
      'a space before the colon',
      'POST /v1/items HTTP/1.1\r\nHost: api.example.com\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'a bare line feed in a chunk',
      'POST /v1/items HTTP/1.1\r\nHost: api.example.com\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n',
    ],
    ['two hosts', 'GET /v1/a HTTP/1.1\r\nHost: api.example.com\r\nHost: other.example.com\r\n\r\n'],
  ])('a smuggled request, %s: refused, and the host sees none of it', async (_name, bytes) => {
    const gateway = await start();
    const text = await raw(await open(gateway, 'api.example.com'), `${bytes}`);
    expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(text).not.toContain('HTTP/1.1 200');
    expect(asked.filter(({ path }) => path !== '/v1/items' && path !== '/v1/a')).toEqual([]);
    expect(asked.filter(({ body }) => body !== '')).toEqual([]);
  });

  test('a body of GET, a body over the limit, announced or not, another host, an upgrade, a tunnel in the tunnel', async () => {
    const gateway = await start();
    const over = Buffer.alloc(2_000, 'x');
    const on = () => open(gateway, 'api.example.com');
    const chunked = { 'transfer-encoding': 'chunked' };
    expect((await ask(await on(), 'GET', '/v1/a', { body: 'abc', headers: { 'content-length': 3 } })).status).toBe(400);
    expect((await ask(await on(), 'POST', '/v1/items', { body: over })).status).toBe(413);
    expect((await ask(await on(), 'POST', '/v1/items', { body: over, headers: chunked })).status).toBe(413);
    expect((await ask(await on(), 'GET', '/v1/a', { host: 'other.example.com' })).status).toBe(421);
    const upgrade = { connection: 'upgrade', upgrade: 'websocket' };
    expect((await ask(await on(), 'GET', '/v1/a', { headers: upgrade })).status).toBe(403);
    await raw(await on(), 'CONNECT other.example.com:443 HTTP/1.1\r\nHost: other.example.com\r\n\r\n');
    expect(asked.filter(({ path }) => path !== '/v1/items')).toEqual([]);
    expect(refusals().map(({ reason }) => reason)).toEqual([
      'GET with a body',
      "the body is over the rule's limit of 1000 bytes", // twice, told once
      'the request is for other.example.com, its TLS server name is api.example.com',
      'a connection to a host with rules keeps to HTTP',
      'a tunnel in a tunnel',
    ]);
  });

  test('a body within the limit arrives whole, with its length or in chunks', async () => {
    const gateway = await start();
    const connection = await open(gateway, 'api.example.com');
    await ask(connection, 'POST', '/v1/items', { body: 'first' });
    await ask(connection, 'POST', '/v1/items', { body: 'second', headers: { 'transfer-encoding': 'chunked' } });
    await ask(connection, 'POST', '/v1/items');
    expect(asked.map(({ body }) => body)).toEqual(['first', 'second', '']);
  });

  test('a redirect goes to the program, which is judged again where it follows it', async () => {
    const gateway = await start();
    const moved = await ask(await open(gateway, 'api.example.com'), 'GET', '/v1/moved');
    expect(moved).toMatchObject({
      status: 302,
      headers: { location: expect.stringContaining('elsewhere.example.com') },
    });
    await expect(open(gateway, 'elsewhere.example.com')).rejects.toThrow();
    expect(refusals()).toMatchObject([{ target: 'elsewhere.example.com:443', reason: 'the host is not allowed' }]);
  });

  test('the secret of the agent and the headers of its connection stay here', async () => {
    const gateway = await start();
    const headers = { authorization: `Bearer ${secrets.agent}`, 'proxy-authorization': 'Basic eA==', 'x-own': 'kept' };
    await ask(await open(gateway, 'api.example.com'), 'GET', '/v1/a', { headers });
    expect(asked[0]?.headers).toEqual({ host: 'api.example.com', 'x-own': 'kept', connection: 'keep-alive' });
  });

  test('a name that resolves to a private address is not dialed', async () => {
    const rule = { host: 'private.example.com', methods: ['GET'], paths: ['/**'], bodyBytes: 0 };
    const gateway = await start({ rules: [rule] });
    expect((await ask(await open(gateway, 'private.example.com'), 'GET', '/')).status).toBe(502);
    expect(refusals()).toMatchObject([{ reason: 'the name resolves to a private address' }]);
    expect(gateway.dialed).toEqual([]);
  });

  test('a program that does not trust the phase is named, and identical refusals are counted', async () => {
    const gateway = await start();
    for (const _ of [1, 2, 3])
      await expect(open({ ...gateway, authority: before[0] ?? '' }, 'api.example.com')).rejects.toThrow();
    const connection = await open(gateway, 'api.example.com');
    for (const _ of [1, 2, 3]) await ask(connection, 'GET', '/v2/x');
    for (const close of closing.splice(0)) close();
    await expect
      .poll(() => refusals().map(({ target, count }) => [target, count]))
      .toEqual(
        expect.arrayContaining([
          ['GET api.example.com/v2/x', undefined],
          ['GET api.example.com/v2/x', 2],
        ]),
      );
    expect(refusals().filter(({ target }) => target === 'GET api.example.com/v2/x')).toHaveLength(2);
  });
});

describe('a credential of a rule', () => {
  test('the host gets it in the place of what the program sends, and the program sees it nowhere', async () => {
    const gateway = await start();
    const headers = { authorization: 'Bearer of-the-program', 'accept-encoding': 'gzip' };
    const answer = await ask(await open(gateway, 'secret.example.com'), 'GET', '/echo', { headers });
    expect(asked[0]?.headers).toMatchObject({ authorization: `Bearer ${token}`, 'accept-encoding': 'identity' });
    const seen = `${JSON.stringify(answer.headers)}${answer.body}${JSON.stringify(told)}`;
    for (const form of [token, Buffer.from(token).toString('base64').slice(0, 20), Buffer.from(token).toString('hex')])
      expect(seen).not.toContain(form);
    expect(answer.body).toContain('[redacted]');
    expect(answer.headers['x-echo']).toBe('Bearer [redacted]');
  });

  test('a redirect does not hold it, and a compressed answer is refused', async () => {
    const gateway = await start();
    const connection = await open(gateway, 'secret.example.com');
    expect((await ask(connection, 'GET', '/v1/moved')).headers.location).not.toContain(token);
    expect((await ask(connection, 'GET', '/squeezed')).status).toBe(502);
  });
});
