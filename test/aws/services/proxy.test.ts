/** The gateway's way out through a company's proxy, which is one on loopback that lets nothing through. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import http, { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcp, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, test } from 'vitest';
import { createPhaseStore } from '../../../adapters/aws/phases/store.ts';
import { defined } from '../../../core/defined.ts';
import { behindProxy } from '../../../gateway/egress/company-proxy.ts';
import type { GatewayMessage } from '../../../gateway/messages.ts';
import { createGateway } from '../../../gateway/server.ts';
import { makeJob, makeWorld, packageRoot, project } from '../../machine/contract/phase-fixtures.ts';
import { startAws } from '../../support/aws/stand-in.ts';
import { serveGit } from '../../support/github/git-http.ts';
import { configOf, secrets } from '../../unit/gateway/fixture.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
async function listening<T extends { listen(port: number, host: string): unknown; close(): unknown }>(server: T) {
  server.listen(0, '127.0.0.1');
  await once(server as never, 'listening');
  closing.push(() => server.close());
  return (server as unknown as { address(): AddressInfo }).address().port;
}

/** @param to where tunnels end; without it each is refused. */
async function startProxy(to?: number) {
  const asked: string[] = [];
  const server = createServer((_request, response) => response.writeHead(400).end());
  server.on('connect', (request, socket: Socket) => {
    asked.push(request.url ?? '');
    socket.on('error', () => undefined);
    if (to === undefined) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const upstream = connect(to, '127.0.0.1');
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    return socket.pipe(upstream).pipe(socket);
  });
  const port = await listening(server);
  return { url: new URL(`http://127.0.0.1:${port}`), asked };
}

/** A ClientHello that names a host (RFC 8446, 4.1.2; RFC 6066, 3), and no more than that. */
function clientHello(host: string): Buffer {
  const block = (bytes: Buffer, width: number): Buffer => {
    const length = Buffer.alloc(width);
    length.writeUIntBE(bytes.length, 0, width);
    return Buffer.concat([length, bytes]);
  };
  const name = block(Buffer.concat([Buffer.from([0]), block(Buffer.from(host), 2)]), 2);
  const extensions = block(Buffer.concat([Buffer.from([0, 0]), block(name, 2)]), 2);
  const hello = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32),
    Buffer.from([0, 0, 2, 0x13, 1, 1, 0]),
    extensions,
  ]);
  return Buffer.concat([Buffer.from([22, 3, 1]), block(Buffer.concat([Buffer.from([1]), block(hello, 3)]), 2)]);
}

describe('tunnels of the sandbox', () => {
  async function tunnel(proxy: URL, host: string) {
    const told: GatewayMessage[] = [];
    const network = {
      resolve: async (name: string) => [name === 'inside.example.com' ? '10.0.0.1' : '93.184.216.34'],
      dial: () => {
        throw new Error('past the proxy');
      },
    };
    const config = { ...configOf('/nonexistent'), hosts: ['docs.example.com', 'inside.example.com'] };
    const gateway = await createGateway(config, (message) => told.push(message), behindProxy(network, proxy));
    const port = await listening(gateway);
    const headers = { 'proxy-authorization': `Bearer ${secrets.agent}` };
    const request = http.request({ port, host: '127.0.0.1', method: 'CONNECT', path: `${host}:443`, headers });
    request.end();
    const [response, socket] = (await once(request, 'connect')) as [http.IncomingMessage, Socket];
    closing.push(() => socket.destroy());
    socket.on('error', () => undefined);
    return { status: response.statusCode, socket, told };
  }
  const reasons = (told: GatewayMessage[]) => told.flatMap((m) => (m.type === 'refusal' ? [m.refusal.reason] : []));

  test('R15 go through the proxy, by name, with every byte', async () => {
    const echo = createTcp((socket) => {
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    const { url, asked } = await startProxy(await listening(echo));
    const { status, socket } = await tunnel(url, 'docs.example.com');
    expect(status).toBe(200);
    const hello = clientHello('docs.example.com');
    socket.write(hello);
    let back = Buffer.alloc(0);
    while (back.length < hello.length) back = Buffer.concat([back, ((await once(socket, 'data')) as [Buffer])[0]]);
    expect(back).toEqual(hello);
    expect(asked).toEqual(['docs.example.com:443']);
  });

  test.each([
    'other.example.com',
    'inside.example.com',
    'github.com',
  ])('R15 to %s are refused before the proxy', async (host) => {
    const { url, asked } = await startProxy();
    const { status, told } = await tunnel(url, host);
    expect([status, asked]).toEqual([403, []]);
    expect(reasons(told)).toHaveLength(1);
  });

  test('that the proxy refuses end, and the evidence says who refused', async () => {
    const { url } = await startProxy();
    const { socket, told } = await tunnel(url, 'docs.example.com');
    socket.write(clientHello('docs.example.com'));
    await once(socket, 'close');
    expect(reasons(told)).toEqual(["the company's proxy answered 403"]);
  });
});

test("R15 what the gateway's task fetches goes through the proxy: registries, models, git; AWS does not", async () => {
  const { url: proxy, asked } = await startProxy();
  const world = makeWorld(project);
  closing.push(() => world.remove());
  const git = createServer((request, response) => serveGit(dirname(world.baseRepository), request, response));
  const gitUrl = `http://127.0.0.1:${await listening(git)}`;
  const { spec } = makeJob(world);
  const base = { host: 'github', scope: { repository: 'base' }, location: 'base', commit: world.base, depth: 1 };
  const model = { provider: 'google', allow: ['google/*'], budgetMicros: 10_000_000 };
  const answer = (at: string) => ({
    order: { spec, base, model, registries: ['npm'], hosts: [] },
    ticket: 't'.repeat(64),
    model: { key: 'key' },
    credentials: { accessKeyId: 'A', secretAccessKey: 'A', sessionToken: 'A', expiration: '2100-01-01T00:00:00.000Z' },
    codeHost: { apiUrl: at, gitUrl: at, token: 'ghs_read' },
  });
  const urls = [gitUrl, 'https://git.example.com'];
  const aws = await startAws({ 'lambda:Invoke': () => answer(urls.shift() ?? '') });
  closing.push(() => aws.close());
  const free = createTcp();
  const port = await listening(free);
  free.close();
  // Each with a disk of its own, as tasks have.
  const start = (disk: string) => {
    mkdirSync(disk);
    return spawn(process.execPath, [join(packageRoot, 'programs/gateway.ecs.ts')], {
      env: {
        PATH: process.env.PATH,
        TMPDIR: disk,
        HTTPS_PROXY: proxy.origin,
        NODE_USE_ENV_PROXY: '1',
        AWS_ENDPOINT_URL: aws.url,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'TASK',
        AWS_SECRET_ACCESS_KEY: 'x',
        DRYDOCK_PHASE_KEY: spec.phaseKey,
        DRYDOCK_GRANT: 'g',
        DRYDOCK_BROKER: 'broker',
        DRYDOCK_ARTIFACTS_BUCKET: 'artifacts',
        DRYDOCK_GATEWAY_PORT: String(port),
      },
      stdio: 'inherit',
    });
  };
  const task = start(join(world.root, 'first'));
  closing.push(() => task.kill('SIGKILL'));
  const post = (path: string, secret: string, body?: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${secret}` },
      ...defined({ body }),
    });
  let boot: { agentSecret: string } | undefined;
  while (!boot) {
    const answered = await post('/boot', 't'.repeat(64), '').catch(() => undefined);
    if (answered) boot = (await answered.json()) as { agentSecret: string };
    else await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await post('/registry/npm/left-pad', boot.agentSecret);
  const call = JSON.stringify({ contents: [{ parts: [{ text: 'hi' }] }] });
  await post('/model/google/v1beta/models/gemini-2.5-pro:generateContent', boot.agentSecret, call);
  expect(asked).toEqual(['registry.npmjs.org:443', 'generativelanguage.googleapis.com:443']);
  task.kill('SIGTERM');
  await once(task, 'exit');

  asked.length = 0;
  const second = start(join(world.root, 'second'));
  closing.push(() => second.kill('SIGKILL'));
  await once(second, 'exit');
  expect([...new Set(asked)]).toEqual(['git.example.com:443']);
  const credentials = { accessKeyId: 'T', secretAccessKey: 'T' };
  const store = createPhaseStore(new S3Client({ endpoint: aws.url, region: 'us-east-1', credentials }), 'artifacts');
  expect((await store.end(spec.phaseKey))?.failure?.name).toBe('HostUnavailable');
  expect(aws.unknown).toEqual([]);
});
