/** M1, M4: what a phase may take of its gateway's memory, connections and time, and where its registry may send it. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startGateway } from '../../../adapters/local/sandbox/gateway-process.ts';
import { writeProgram } from '../../../adapters/local/sandbox/programs.ts';
import type { GatewayConfig } from '../../../gateway/config.ts';
import { type Network, systemNetwork } from '../../../gateway/egress/connect.ts';
import { type GatewayLimits, gatewayLimits } from '../../../gateway/limits.ts';
import type { GatewayMessage } from '../../../gateway/messages.ts';
import { createGateway } from '../../../gateway/server.ts';
import { configOf, secrets } from '../../unit/gateway/fixture.ts';
import { packageRoot } from './phase-fixtures.ts';

let folder: string;
let told: GatewayMessage[];
let closing: (() => unknown)[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'gw-'));
  told = [];
  closing = [];
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  rmSync(folder, { recursive: true });
});

async function start(changes: Partial<GatewayConfig>, limits: Partial<GatewayLimits> = {}, network = systemNetwork) {
  const config = configOf(folder, changes);
  const all = { ...gatewayLimits, ...limits };
  const own = told; // its last messages come when it closes
  const server = await createGateway(config, (message) => own.push(message), network, undefined, all);
  server.listen(config.socket);
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return config.socket;
}
async function serve(server: http.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
const agent = { authorization: `Bearer ${secrets.agent}` };
const runner = { authorization: `Bearer ${secrets.runner}` };
interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}
function ask(socketPath: string, method: string, target: string, headers: http.OutgoingHttpHeaders, body?: string) {
  return new Promise<Answer>((resolve, reject) => {
    const request = http.request({ socketPath, method, path: target, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}
const refusals = () => told.flatMap((message) => (message.type === 'refusal' ? [message.refusal.reason] : []));

describe('M1: the registry', () => {
  const host = 'https://files.example';
  /** A registry that sends clients on, and a place where nobody may be sent to. */
  async function registry(locations: Record<string, string>) {
    const seen: string[] = [];
    const port = await serve(
      http.createServer((request, response) => {
        seen.push(request.url ?? '');
        const location = locations[request.url ?? ''];
        if (location !== undefined) response.writeHead(302, { location }).end();
        else response.writeHead(200, { 'content-type': 'application/octet-stream' }).end('archive');
      }),
    );
    const inner = http.createServer((_request, response) => response.end('internal'));
    const innerPort = await serve(inner);
    let reached = 0;
    inner.on('request', () => (reached += 1));
    return {
      url: `http://127.0.0.1:${port}/npm/`,
      seen,
      inner: `http://127.0.0.1:${innerPort}/`,
      reached: () => reached,
    };
  }
  async function freePort(): Promise<number> {
    const server = http.createServer();
    const port = await serve(server);
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
  const network = (addresses: string[]): Network => ({ ...systemNetwork, resolve: async () => addresses });
  const get = (gw: string, name: string) => ask(gw, 'GET', `/registry/npm/${name}`, agent);

  test('a redirect to a private address is not followed, whatever its form', async () => {
    const locations: Record<string, string> = {};
    const { url, inner, reached } = await registry(locations);
    const port = new URL(inner).port;
    const targets = [
      inner,
      `http://localhost:${port}/`,
      `https://127.0.0.1:${port}/`,
      `https://[::1]:${port}/`,
      `https://[::ffff:7f00:1]:${port}/`,
      `https://2130706433:${port}/`,
      `//127.0.0.1:${port}/`,
      'https://169.254.169.254/latest/meta-data/',
      'https://168.63.129.16/machine',
      'https://user:password@files.example/',
      'http://files.example/',
      'file:///etc/passwd',
      'data:text/plain,x',
      'https://',
    ];
    const gw = await start({ registries: { npm: url } });
    for (const [index, target] of targets.entries()) {
      locations[`/npm/a${index}`] = target;
      expect([target, (await get(gw, `a${index}`)).status]).toEqual([target, 502]);
    }
    expect(reached()).toBe(0);
    expect(refusals()).toHaveLength(targets.length);
    expect(refusals().every((reason) => reason.startsWith('the registry redirects to'))).toBe(true);
  });

  test.each([
    ['has no server', /: ECONNREFUSED$/, async () => `http://127.0.0.1:${await freePort()}/npm/`],
    ['has no address', /: (?:ENOTFOUND|EAI_AGAIN)$/, () => 'https://registry.invalid/npm/'],
    [
      'closes the connection',
      /: UND_ERR_SOCKET$/,
      async () => `http://127.0.0.1:${await serve(http.createServer((request) => void request.socket.destroy()))}/npm/`,
    ],
  ])('one that %s is named with the reason, once for all packages', async (_what, why, base) => {
    const npm = await base();
    const { host } = new URL(npm);
    const gw = await start({ registries: { npm } });
    for (const name of ['a', 'b']) {
      const { status, body } = await get(gw, name);
      expect(status).toBe(502);
      expect(body.toString()).toContain(`${host}: the registry npm does not answer`);
    }
    const found = told.flatMap((message) => (message.type === 'refusal' ? [message.refusal] : []));
    expect(new Set(found.map(({ target }) => target))).toEqual(new Set([host]));
    expect(found[0]?.reason).toMatch(why);
  });

  test('a name is not followed if any of its addresses is private; a loop ends', async () => {
    const locations: Record<string, string> = { '/npm/a': `${host}/a`, '/npm/b': '/npm/c', '/npm/c': '/npm/b' };
    const { url, seen } = await registry(locations);
    const gw = await start({ registries: { npm: url } }, {}, network(['93.184.216.34', '10.0.0.1']));
    expect((await get(gw, 'a')).status).toBe(502);
    expect((await get(gw, 'b')).status).toBe(502);
    expect(seen).toEqual(['/npm/a', '/npm/b', '/npm/c', '/npm/b', '/npm/c']);
  });

  test('a redirect to the registry’s own origin is followed', async () => {
    const { url, seen } = await registry({ '/npm/tiny/-/tiny-1.0.0.tgz': '/files/tiny' });
    const gw = await start({ registries: { npm: url } });
    expect((await get(gw, 'tiny/-/tiny-1.0.0.tgz')).body.toString()).toBe('archive');
    expect(seen).toEqual(['/npm/tiny/-/tiny-1.0.0.tgz', '/files/tiny']);
  });

  test('a redirect to a public address dials the address that was checked, and no secret goes there', async () => {
    const { url } = await registry({ '/npm/tiny': `${host}/tiny` });
    const dialed: unknown[] = [];
    const original = https.globalAgent.createConnection;
    https.globalAgent.createConnection = ((
      options: net.NetConnectOpts & { lookup: net.LookupFunction; host: string },
    ) => {
      options.lookup(options.host, { all: false }, (_error, address) => dialed.push(address));
      const socket = new net.Socket();
      process.nextTick(() => socket.destroy(new Error('no way out in a test')));
      return socket;
    }) as unknown as typeof original;
    closing.push(() => (https.globalAgent.createConnection = original));
    const gw = await start({ registries: { npm: url } }, {}, network(['93.184.216.34']));
    expect((await get(gw, 'tiny')).status).toBe(502);
    expect(dialed).toEqual(['93.184.216.34']);
  });

  test('a query and a path that no package manager asks for are refused, by name', async () => {
    const { url, seen } = await registry({});
    const gw = await start({ registries: { npm: url } });
    for (const name of [
      'tiny?write=true',
      '-/v1/search?text=secret',
      '-/v1/search',
      '..%2fsecret',
      '..;/x',
      '-/npm/v1/tokens',
    ])
      expect([name, (await get(gw, name)).status]).toEqual([name, 400]);
    expect(seen).toEqual([]);
  });

  test('downloads at the same time share one limit; one that is announced as larger does not begin', async () => {
    const size = 4_000;
    const port = await serve(
      http.createServer((request, response) => {
        response.writeHead(200, request.url?.includes('announced') ? { 'content-length': size } : {});
        response.end(Buffer.alloc(size));
      }),
    );
    const gw = await start({ registries: { npm: `http://127.0.0.1:${port}/` } }); // 10,000 bytes
    const all = await Promise.all(Array.from({ length: 6 }, (_, index) => get(gw, `announced${index}`)));
    expect(all.map(({ status }) => status).sort()).toEqual([200, 200, 403, 403, 403, 403]);
    const more = await Promise.allSettled(Array.from({ length: 6 }, (_, index) => get(gw, `chunked${index}`)));
    // Cut off where the limit was reached within it, and refused after that.
    expect(more.filter((one) => one.status === 'fulfilled' && one.value.status === 200)).toEqual([]);
    const bytes = told.reduce((sum, message) => (message.type === 'traffic' ? sum + message.bytes : sum), 0);
    expect(bytes).toBeLessThanOrEqual(10_000 + size);
  });
});

const model = (upstream: string): Partial<GatewayConfig> => ({
  model: {
    provider: 'google',
    allow: ['google/*'],
    mode: 'live',
    key: 'k',
    budgetMicros: 100_000_000,
    endpoint: { kind: 'google', baseUrl: upstream, prices: { list: 'google' } },
  },
});
const call = '/model/google/v1beta/models/gemini-2.5-pro:generateContent';

describe('M4: requests at a time', () => {
  /** A vendor that answers when it is told to. */
  async function vendor() {
    const waiting: http.ServerResponse[] = [];
    let most = 0;
    const server = http.createServer((request, response) => {
      request.resume();
      waiting.push(response);
      most = Math.max(most, waiting.length);
      server.emit('asked');
    });
    const port = await serve(server);
    const answerAll = (): void => {
      for (const response of waiting.splice(0))
        response.end('{"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1}}');
    };
    const asked = async (count: number): Promise<void> => {
      while (waiting.length < count) await once(server, 'asked');
    };
    return { url: `http://127.0.0.1:${port}`, asked, answerAll, most: () => most };
  }

  test('a few are worked on, some wait, the others are told to come again; the runner has places of its own', async () => {
    const { url, asked, answerAll, most } = await vendor();
    const gw = await start(model(url), { atOnce: 2, waiting: 3 });
    const requests = Array.from({ length: 8 }, () => ask(gw, 'POST', call, agent, '{"contents":[]}'));
    await asked(2);
    const busy = await Promise.race(requests);
    expect([busy.status, busy.headers['retry-after']]).toEqual([503, '1']);
    expect((await ask(gw, 'PUT', '/artifacts/result.json', runner, '{}')).status).toBe(201);
    for (let served = 0; served < 5; ) {
      const now = Math.min(2, 5 - served);
      await asked(now);
      answerAll();
      served += now;
    }
    const statuses = (await Promise.all(requests)).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 200, 200, 200, 200, 503, 503, 503]);
    expect(most()).toBe(2);
  });

  test('a client that leaves gives its place to the next', async () => {
    const { url, asked, answerAll } = await vendor();
    const gw = await start(model(url), { atOnce: 1, waiting: 10 });
    const first = ask(gw, 'POST', call, agent, '{"contents":[]}');
    await asked(1);
    const left = http.request({ socketPath: gw, method: 'POST', path: call, headers: agent, agent: false });
    left.on('error', () => undefined).end('{"contents":[]}');
    await once(left, 'finish');
    left.destroy();
    const last = ask(gw, 'POST', call, agent, '{"contents":[]}');
    answerAll();
    expect((await first).status).toBe(200);
    // Whoever comes next: the gateway may not have noticed yet that the second client has left.
    const ended = last.then(() => true);
    while (!(await Promise.race([ended, asked(1).then(() => false)]))) answerAll();
    expect((await last).status).toBe(200);
  });

  test('a body is refused by its announced length, before a byte of it is read', async () => {
    const gw = await start(model('http://127.0.0.1:1'));
    const request = http.request({
      socketPath: gw,
      method: 'POST',
      path: call,
      headers: { ...agent, 'content-length': 64 * 1024 * 1024 },
    });
    request.on('error', () => undefined).flushHeaders();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    expect([response.statusCode, response.headers.connection]).toEqual([413, 'close']);
    request.destroy();
  });

  test('what a provider is not asked is refused before its body is read', async () => {
    const gw = await start(model('http://127.0.0.1:1'));
    for (const target of ['/model/google/v1beta/files', '/model/openai/v1/responses', `${call}?fields=x`]) {
      const request = http.request({
        socketPath: gw,
        method: 'POST',
        path: target,
        headers: { ...agent, 'content-length': 1_000 },
      });
      request.on('error', () => undefined).flushHeaders();
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      expect([target, response.statusCode]).toEqual([target, 403]);
      request.destroy();
    }
  });

  test('all requests to the model of a phase have a limit together', async () => {
    const { url, asked, answerAll } = await vendor();
    const gw = await start(model(url), { totalBodyBytes: 20 });
    const first = ask(gw, 'POST', call, agent, '{"contents":[],"tools":[]}');
    await asked(1);
    answerAll();
    expect((await first).status).toBe(200);
    expect((await ask(gw, 'POST', call, agent, '{"contents":[]}')).status).toBe(403);
    expect(refusals()).toEqual(['the limit for requests to the model of a phase is reached']);
  });

  test('so has their number: each has an entry in the meter log, which the server process reads', async () => {
    const { url, asked, answerAll } = await vendor();
    const gw = await start(model(url), { calls: 1 });
    const first = ask(gw, 'POST', call, agent, '{"contents":[]}');
    await asked(1);
    answerAll();
    expect((await first).status).toBe(200);
    expect((await ask(gw, 'POST', call, agent, '{"contents":[]}')).status).toBe(403);
  });
});

describe('M4: connections', () => {
  const open = async (gw: string): Promise<net.Socket> => {
    const socket = net.connect(gw).on('error', () => undefined);
    await once(socket, 'connect');
    closing.push(() => socket.destroy());
    return socket;
  };

  /** However it is closed: `once` would reject for a reset. */
  const closed = (socket: net.Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

  test('there are only so many, and as many tunnels', async () => {
    const gw = await start(
      { hosts: ['allowed.example'] },
      { connections: 4, tunnels: 1 },
      {
        resolve: async () => ['93.184.216.34'],
        dial: () => net.connect(1),
      },
    );
    const tunnel = async (): Promise<string> => {
      const socket = await open(gw);
      socket.write(
        `CONNECT allowed.example:443 HTTP/1.1\r\nhost: x\r\nproxy-authorization: Bearer ${secrets.agent}\r\n\r\n`,
      );
      const [head] = (await once(socket, 'data')) as [Buffer];
      return head.toString('latin1').split('\r\n')[0] ?? '';
    };
    expect(await tunnel()).toContain('200');
    expect(await tunnel()).toContain('503');
    const idle = [await open(gw), await open(gw), await open(gw)];
    const dropped = await open(gw);
    dropped.resume();
    await closed(dropped);
    expect(idle.every((socket) => !socket.destroyed)).toBe(true);
  });

  test('a client that is slow with its headers or with its body is closed', async () => {
    const gw = await start(model('http://127.0.0.1:1'), { headersMs: 50, requestMs: 1_000, idleMs: 50 });
    const beginnings = [
      '',
      'GET /phase HTTP/1.1\r\n',
      `POST ${call} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secrets.agent}\r\ncontent-length: 100\r\n\r\n{`,
      `POST ${call} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secrets.agent}\r\ntransfer-encoding: chunked\r\n\r\n`,
      `POST /events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secrets.runner}\r\ncontent-length: 100\r\n\r\n{`,
    ];
    for (const beginning of beginnings) {
      const socket = await open(gw);
      socket.write(beginning);
      socket.resume();
      await closed(socket);
    }
  });
});

test('M4: the memory of a gateway is bounded, whatever its phase sends at a time', async () => {
  const program = path.join(folder, 'gateway.cjs');
  await writeProgram('gateway', packageRoot, program);
  let pid = '';
  const config = configOf(folder, model('http://127.0.0.1:1'));
  const gateway = startGateway(program, Promise.resolve(config), process.getuid?.() ?? 0, () => undefined);
  closing.push(() => gateway.stop());
  await gateway.ready;
  for (const child of readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' '))
    if (readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(program)) pid = child;
  // Thirty-one megabytes of JSON each, in every shape that takes more memory parsed than sent.
  const filled = (open: string, one: string, close: string): string =>
    open + one.repeat(Math.floor((31 * 1024 * 1024 - open.length) / one.length)) + close;
  const bodies = [
    filled('{"contents":["', 'x', '"]}'),
    filled('{"contents":[', '"",', '""]}'),
    filled('{"contents":[', '{},', '{}]}'),
    filled('{"contents":', '[', ''),
    filled('{"contents":[', '1,', '1]}'),
    `{"contents":[${'1,'.repeat(400_000)}1]}`,
    filled('{"a":"', '\\u00e4', '"}'),
    filled('{"contents":[{"parts":[{"text":"', 'ä€', '"}]}]}'),
  ];
  await Promise.all(
    Array.from({ length: 30 }, (_, index) => {
      const chunked = index % 2 === 0 ? { 'transfer-encoding': 'chunked' } : {};
      return ask(config.socket, 'POST', call, { ...agent, ...chunked }, bodies[index % bodies.length]).catch(
        () => undefined,
      );
    }),
  );
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  expect(peak / 1024).toBeLessThan(450);
  expect(peak).toBeGreaterThan(0);
});
