/** The gateway's routes over real sockets, without a sandbox around it. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { GatewayConfig } from '../../../gateway/config.ts';
import type { Network } from '../../../gateway/egress/connect.ts';
import type { GatewayMessage } from '../../../gateway/messages.ts';
import { readMeter } from '../../../gateway/meter/meter.ts';
import { leftArtifacts } from '../../../gateway/phase/left-artifacts.ts';
import { createGateway } from '../../../gateway/server.ts';
import { configOf, secrets } from '../../unit/gateway/fixture.ts';

let folder: string;
let told: GatewayMessage[];
let closing: (() => void)[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'gw-'));
  told = [];
  closing = [];
});
afterEach(() => {
  for (const close of closing) close();
  rmSync(folder, { recursive: true });
});

async function start(changes: Partial<GatewayConfig> = {}, network?: Network): Promise<string> {
  const config = configOf(folder, changes);
  const own = told; // its last messages come when it closes
  const server = await createGateway(config, (message) => own.push(message), network);
  server.listen(config.socket);
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return config.socket;
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
interface Answer {
  status: number;
  body: string;
}
function ask(
  socketPath: string,
  method: string,
  target: string,
  headers: http.OutgoingHttpHeaders = {},
  body?: string | Buffer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, method, path: target, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    request.on('error', reject);
    request.end(body);
  });
}
const refusals = () => told.flatMap((m) => (m.type === 'refusal' ? [m.refusal] : []));
const failures = () => told.flatMap((m) => (m.type === 'failure' ? [m.name] : []));

describe('artifacts', () => {
  test('write-once, by name, by size, by secret', async () => {
    const gw = await start();
    const put = (name: string, body: string, secret = secrets.runner) =>
      ask(gw, 'PUT', `/artifacts/${name}`, bearer(secret), body);
    expect((await put('one.json', 'first')).status).toBe(201);
    expect((await put('one.json', 'second')).status).toBe(409);
    expect(readFileSync(path.join(folder, 'one.json'), 'utf8')).toBe('first');
    for (const name of ['..%2Fescape', '.hidden', 'a/b', 'UPPER', ''])
      expect([name, (await put(name, 'x')).status]).toEqual([name, 400]);
    expect((await put('big', 'x'.repeat(1_001))).status).toBe(413);
    expect((await put('second', 'x'.repeat(900))).status).toBe(413);
    expect((await put('agent.json', 'x', secrets.agent)).status).toBe(403);
    expect((await put('nobody.json', 'x', 'wrong')).status).toBe(403);
    expect(refusals().map((r) => r.target)).toEqual(expect.arrayContaining(['one.json', 'agent.json', 'big']));
    // Anybody could say so.
    expect(refusals().map((r) => r.target)).not.toContain('nobody.json');
  });

  test('C3: many artifacts, and those that are read into memory, have limits of their own', async () => {
    const big = 1024 * 1024 * 1024;
    const gw = await start({ caps: { artifactBytes: big, artifactTotalBytes: big, registryBytes: 1 } });
    const put = (name: string, body: string | Buffer) =>
      ask(gw, 'PUT', `/artifacts/${name}`, bearer(secrets.runner), body);
    expect((await put('result.json', Buffer.alloc(17 * 1024 * 1024))).status).toBe(413);
    expect((await put('changeset.blobs', Buffer.alloc(101 * 1024 * 1024))).status).toBe(413);
    // The two that were too large count too.
    for (let count = 2; count < 32; count += 1) expect((await put(`empty${count}`, '')).status).toBe(201);
    expect((await put('one-more', '')).status).toBe(403);
    writeFileSync(path.join(folder, 'other'), 'not read');
    expect([...(await leftArtifacts(folder)).keys()]).toEqual([]);
  });

  test('a second result is a failure of the phase: somebody has the secret of the runner', async () => {
    const gw = await start();
    for (const body of ['{"first":1}', '{}'])
      await ask(gw, 'PUT', '/artifacts/result.json', bearer(secrets.runner), body);
    expect(failures()).toEqual(['SandboxLost']);
    expect(readFileSync(path.join(folder, 'result.json'), 'utf8')).toBe('{"first":1}');
  });

  test('of two writers of one name exactly one wins', async () => {
    const gw = await start();
    const statuses = await Promise.all(
      ['a', 'b', 'c'].map(async (body) => (await ask(gw, 'PUT', '/artifacts/x', bearer(secrets.runner), body)).status),
    );
    expect(statuses.sort()).toEqual([201, 409, 409]);
  });
});

describe('events', () => {
  const post = (gw: string, body: string) => ask(gw, 'POST', '/events', bearer(secrets.runner), body);
  const line = (event: object) => `${JSON.stringify(event)}\n`;

  test('C3: what is no event is counted and dropped, whatever it looks like; what is one is told', async () => {
    const gw = await start();
    const message = { type: 'message', text: 'kept' };
    const invalid = [
      '{"type":"message"',
      '[]\n',
      `${'['.repeat(60_000)}\n`,
      `${'x'.repeat(70_000)}\n`,
      line({ type: 'cost', usdMicros: 1 }),
      line({ type: 'log', source: 's'.repeat(3_000), text: '' }),
      line({ type: 'tool', id: 'i'.repeat(3_000), title: 't', status: 's' }),
      line({ type: 'step', name: 'n'.repeat(3_000), status: 'started' }),
      line({ type: 'plan', entries: [{ content: 'c', status: 's'.repeat(3_000) }] }),
      line({ type: 'plan', entries: Array(101).fill({ content: 'c', status: 's' }) }),
    ];
    for (const text of invalid) expect(JSON.parse((await post(gw, text)).body)).toEqual({ taken: 0, dropped: 1 });
    expect(JSON.parse((await post(gw, `\n${line(message)}\r\n${JSON.stringify(message)}`)).body)).toMatchObject({
      taken: 2,
    });
    expect(told).toEqual(Array(2).fill({ type: 'event', event: message }));
  });

  test('C3: a phase has a limit for what it may send, and a flood of any kind of event one for what is told', async () => {
    const gw = await start();
    const flood = line({ type: 'message', text: 'x'.repeat(19_000) }).repeat(800); // 15 MB
    for (const status of [200, 200, 200, 200, 413]) expect((await post(gw, flood)).status).toBe(status);
    expect(JSON.stringify(told).length).toBeLessThan(3 * 1024 * 1024);
  });
});

describe('git', () => {
  test('a fetch is answered, a push and other repositories are refused', async () => {
    execFileSync('git', ['init', '--quiet', '--bare', path.join(folder, 'base.git')]);
    const gw = await start();
    const get = (target: string) => ask(gw, 'GET', target, bearer(secrets.runner));
    const refs = await get('/git/base.git/info/refs?service=git-upload-pack');
    expect(refs).toMatchObject({ status: 200, body: expect.stringContaining('# service=git-upload-pack') });
    for (const target of [
      '/git/base.git/info/refs?service=git-receive-pack',
      '/git/other.git/info/refs?service=git-upload-pack',
      '/git/base.git/HEAD',
      '/git/base.git/../../etc/passwd',
    ]) {
      expect([target, (await get(target)).status]).toEqual([target, target.includes('..') ? 404 : 403]);
    }
    expect((await ask(gw, 'POST', '/git/base.git/git-receive-pack', bearer(secrets.runner), 'x')).status).toBe(403);
    expect(refusals()[0]).toMatchObject({ reason: 'push from a sandbox' });
  });
});

describe('model', () => {
  const usage = { promptTokenCount: 1_000, candidatesTokenCount: 100, cachedContentTokenCount: 400 };
  let seen: { path: string; headers: http.IncomingHttpHeaders; body: unknown }[];
  let reply: (response: http.ServerResponse) => void;

  async function vendor(): Promise<string> {
    seen = [];
    reply = (response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ usageMetadata: usage }));
    const server = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        seen.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(body) });
        reply(response);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const model = (upstream: string, changes = {}): Partial<GatewayConfig> => ({
    model: {
      provider: 'google',
      allow: ['google/gemini-2.5-*'],
      mode: 'live',
      key: 'the-real-key',
      budgetMicros: 1_000_000,
      endpoint: { kind: 'google', baseUrl: upstream, prices: { list: 'google' } },
      ...changes,
    },
  });
  const path1 = '/model/google/v1beta/models/gemini-2.5-pro:generateContent';
  const agentKey = { 'x-goog-api-key': secrets.agent };
  const generate = (gw: string, body: object = { contents: [] }, target = path1) =>
    ask(gw, 'POST', target, agentKey, JSON.stringify(body));
  const calls = () => readMeter(path.join(folder, 'meter.ndjson'));

  test("R16, R27: the key is put in, the agent's own is taken out, usage is read and priced", async () => {
    const gw = await start(model(await vendor()));
    expect((await generate(gw, { contents: [] }, `${path1}?key=${secrets.agent}`)).status).toBe(200);
    expect(seen[0]?.headers['x-goog-api-key']).toBe('the-real-key');
    expect(JSON.stringify(seen)).not.toContain(secrets.agent);
    // 600 at 1.25, 400 at 0.125 and 100 at 10 US dollars per million tokens
    expect(calls()).toMatchObject([
      {
        kind: 'generateContent',
        inputTokens: 1_000,
        outputTokens: 100,
        cachedTokens: 400,
        usdMicros: 1_800,
        state: 'settled',
      },
    ]);
  });

  test('R28: a call whose worst case breaks the budget is not made: 402, BudgetExhausted', async () => {
    const gw = await start(model(await vendor(), { budgetMicros: 5_000 }));
    expect((await generate(gw)).status).toBe(402);
    expect(seen).toEqual([]);
    expect(failures()).toEqual(['BudgetExhausted']);
    expect(calls()).toEqual([]);
  });

  test('an answer nobody limited is limited to what the budget affords; a limit that was asked for stands', async () => {
    const gw = await start(model(await vendor(), { budgetMicros: 200_000 }));
    await generate(gw);
    const limit = z.object({ generationConfig: z.object({ maxOutputTokens: z.number() }) }).parse(seen[0]?.body)
      .generationConfig.maxOutputTokens;
    expect(limit).toBeLessThanOrEqual(20_000);
    expect(limit).toBeGreaterThanOrEqual(1_024);
    await generate(gw, { contents: [], generationConfig: { maxOutputTokens: 77, temperature: 0 } });
    expect(seen[1]?.body).toMatchObject({ generationConfig: { maxOutputTokens: 77, temperature: 0 } });
  });

  test('R28: calls at the same time do not break the budget together', async () => {
    const upstream = await vendor();
    reply = (response) =>
      void setTimeout(
        () =>
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ usageMetadata: usage })),
        50,
      );
    const gw = await start(model(upstream, { budgetMicros: 25_000 }));
    const body = { contents: [], generationConfig: { maxOutputTokens: 1_000 } }; // about 10,000 micros at worst
    const statuses = (await Promise.all([1, 2, 3, 4].map(() => generate(gw, body))))
      .map((answer) => answer.status)
      .sort();
    expect(statuses).toEqual([200, 200, 402, 402]);
  });

  test('an answer without usage, or cut off, stays charged its worst case; an error costs nothing', async () => {
    const gw = await start(model(await vendor()));
    const body = { contents: [], generationConfig: { maxOutputTokens: 1_000 } };
    reply = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    await generate(gw, body);
    reply = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"usageMetadata":{"promptTokenCount":5}}\n\n');
      setTimeout(() => response.destroy(), 20);
    };
    await generate(gw, body).catch(() => undefined);
    reply = (response) => response.writeHead(500).end('no');
    expect((await generate(gw, body)).status).toBe(500);
    expect(calls().map((c) => [c.state, c.usdMicros > 9_000])).toEqual([
      ['reserved', true],
      ['reserved', true],
      ['settled', false],
    ]);
  });

  test('the reservation is on the disk before the call goes out', async () => {
    const upstream = await vendor();
    let during: unknown;
    reply = (response) => {
      during = calls();
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ usageMetadata: usage }));
    };
    await generate(await start(model(upstream)));
    expect(during).toMatchObject([{ state: 'reserved' }]);
    expect(calls()).toMatchObject([{ state: 'settled' }]);
  });

  test('what an earlier gateway of the same phase spent counts', async () => {
    const upstream = await vendor();
    const call = {
      id: 'x',
      provider: 'google',
      model: 'm',
      kind: 'k',
      inputTokens: 0,
      outputTokens: 0,
      cachedTokens: 0,
      usdMicros: 999_999,
      state: 'reserved',
    };
    appendFileSync(path.join(folder, 'meter.ndjson'), `${JSON.stringify(call)}\n{"id":"cut off`);
    expect((await generate(await start(model(upstream)))).status).toBe(402);
  });

  test('refused: another model, provider, path, a hosted tool, the wrong secret', async () => {
    const gw = await start(model(await vendor(), { allow: ['google/*'] }));
    const body = { contents: [] };
    expect((await generate(gw, { ...body, tools: [{ googleSearch: {} }] })).status).toBe(403);
    expect((await generate(gw, body, '/model/openai/v1/responses')).status).toBe(403);
    expect((await generate(gw, body, '/model/google/v1beta/files')).status).toBe(403);
    expect((await ask(gw, 'POST', path1, bearer(secrets.runner), '{}')).status).toBe(403);
    const strict = await start({
      ...model(await vendor(), { allow: ['google/gemini-2.5-flash'] }),
      socket: `${folder}/2.sock`,
    });
    expect((await generate(strict)).status).toBe(403);
    expect(refusals().at(-1)).toMatchObject({
      target: 'google/gemini-2.5-pro',
      allow: 'models: {allow: ["google/gemini-2.5-pro"]}',
    });
    expect(seen).toEqual([]);
  });

  test.each([
    ['fields=candidates,usageMetadata/promptTokenCount', 'fields'],
    ['%66ields=candidates', 'fields'],
    ['$fields=candidates', '$fields'],
    ['alt=proto', 'alt'],
    ['alt=sse&alt=json', 'alt'],
    ['prettyPrint=false', 'prettyPrint'],
    ['upload_protocol=multipart', 'upload_protocol'],
  ])('H6: a parameter of the query that is not on the list is refused before anything is sent: %s', async (query, name) => {
    const gw = await start(model(await vendor()));
    expect((await generate(gw, { contents: [] }, `${path1}?${query}`)).status).toBe(403);
    expect(refusals().map(({ target }) => target.split(' ')[1])).toEqual([name]);
    expect(seen).toEqual([]);
    expect(calls()).toEqual([]);
  });

  test('H6: an allowed parameter is sent once, and the type of the body is the gateway’s', async () => {
    const gw = await start(model(await vendor()));
    const headers = { ...agentKey, 'content-type': 'application/x-protobuf' };
    await ask(gw, 'POST', `${path1}?alt=sse&key=${secrets.agent}&alt=sse`, headers, '{"contents":[]}');
    expect(seen).toMatchObject([
      {
        path: '/v1beta/models/gemini-2.5-pro:generateContent?alt=sse',
        headers: { 'content-type': 'application/json' },
      },
    ]);
  });

  test('H5: a field that is not on the list is refused by its name, and nothing is sent', async () => {
    const gw = await start(model(await vendor()));
    const body = { contents: [{ parts: [{ file_data: { file_uri: 'https://attacker.example/' } }] }] };
    for (const target of [path1, path1.replace('generateContent', 'countTokens')]) {
      const answer = await generate(gw, body, target);
      expect([answer.status, answer.body]).toEqual([403, expect.stringContaining('contents.0.parts.0.fileData')]);
    }
    expect(seen).toEqual([]);
    expect(calls()).toEqual([]);
  });

  test('H5: a body that is nested too deep, too large, or no object is refused', async () => {
    const gw = await start(model(await vendor()));
    for (const body of [
      '{"contents":[',
      '[]',
      'null',
      `{"contents":${'['.repeat(10_000)}`,
      `[${'1,'.repeat(600_000)}1]`,
    ])
      expect((await ask(gw, 'POST', path1, agentKey, body)).status).toBe(400);
    expect(seen).toEqual([]);
  });

  test('H6: OpenAI is asked for the tier whose price is known, and for the limit that was reserved', async () => {
    const upstream = await vendor();
    const gw = await start(
      model(upstream, {
        provider: 'openai',
        allow: ['openai/*'],
        endpoint: { kind: 'openai', baseUrl: `${upstream}/v1`, prices: { list: 'openai' } },
      }),
    );
    const send = (body: object) =>
      ask(gw, 'POST', '/model/openai/v1/chat/completions', bearer(secrets.agent), JSON.stringify(body));
    await send({ model: 'gpt-5', messages: [], max_completion_tokens: null, service_tier: 'auto' });
    expect(seen[0]?.body).toMatchObject({ max_completion_tokens: expect.any(Number), service_tier: 'default' });
    expect((await send({ model: 'gpt-5', messages: [], service_tier: 'priority' })).status).toBe(403);
    expect(seen).toHaveLength(1);
  });

  describe('replay', () => {
    const session = (recorded: object[]) => {
      const file = path.join(folder, 'session.json');
      writeFileSync(file, JSON.stringify({ provider: 'google', model: 'gemini-2.5-pro', calls: recorded }));
      return {
        model: {
          provider: 'google',
          allow: ['google/*'],
          mode: 'replay' as const,
          session: file,
          budgetMicros: 1_000_000,
        },
      };
    };
    const answer = (kind: string, text: string, headers = {}) => ({
      kind,
      status: 200,
      headers: { 'content-type': 'application/json', ...headers },
      body: { text, usageMetadata: usage },
    });

    test('answers by kind and order, whatever the body says, metered like the real one', async () => {
      const gw = await start(
        session([answer('generateContent', 'one'), answer('countTokens', 'count'), answer('generateContent', 'two')]),
      );
      expect((await generate(gw, { contents: ['x'] })).body).toContain('one');
      expect((await generate(gw, { contents: ['y'] })).body).toContain('two');
      expect((await generate(gw, {}, path1.replace('generateContent', 'countTokens'))).body).toContain('count');
      expect(calls().map((c) => c.usdMicros)).toEqual([1_800, 1_800]);
    });

    test('a call it does not hold is ReplayDiverged', async () => {
      const gw = await start(session([answer('generateContent', 'one')]));
      await generate(gw);
      expect((await generate(gw)).status).toBe(400);
      expect(failures()).toEqual(['ReplayDiverged']);
      expect((await generate(gw, {}, path1.replace('2.5-pro', '2.5-flash'))).status).toBe(400);
    });
  });
});

describe('CONNECT', () => {
  const network = (port: number): Network & { dialed: string[] } => {
    const dialed: string[] = [];
    return {
      dialed,
      resolve: async (host) => (host === 'private.example' ? ['93.184.216.34', '10.0.0.1'] : ['93.184.216.34']),
      dial(address, to) {
        dialed.push(`${address}:${to}`);
        return net.connect(port, '127.0.0.1');
      },
    };
  };
  const proxy = { 'proxy-authorization': `Basic ${Buffer.from(`agent:${secrets.agent}`).toString('base64')}` };
  const tunnel = (gw: string, target: string, headers: http.OutgoingHttpHeaders = proxy) =>
    new Promise<{ status: number; socket: net.Socket }>((resolve, reject) => {
      const request = http.request({ socketPath: gw, method: 'CONNECT', path: target, headers });
      request.on('connect', (response, socket) => resolve({ status: response.statusCode ?? 0, socket }));
      request.on('error', reject);
      request.end();
    });
  /** A listener that tells the first bytes it got, whatever they are. */
  async function site(): Promise<{ port: number; got: Promise<Buffer> }> {
    const server = net.createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const got = once(server, 'connection').then(async ([socket]) => {
      closing.push(() => (socket as net.Socket).destroy());
      return ((await once(socket as net.Socket, 'data')) as [Buffer])[0];
    });
    closing.push(() => server.close());
    return { port: (server.address() as AddressInfo).port, got };
  }

  test('R15: an allowed host is reached at the address the gateway resolved, with its ClientHello whole', async () => {
    const { port, got } = await site();
    const net1 = network(port);
    const gw = await start({ hosts: ['allowed.example'] }, net1);
    const { status, socket } = await tunnel(gw, 'allowed.example:443');
    expect(status).toBe(200);
    const secure = tls.connect({ socket, servername: 'allowed.example' }).on('error', () => undefined);
    closing.push(() => secure.destroy());
    expect((await got).includes('allowed.example')).toBe(true);
    expect(net1.dialed).toEqual(['93.184.216.34:443']);
  });

  test('what a host has sent arrives, however late the client reads it and however early the host closes', async () => {
    const bytes = Buffer.alloc(4 * 1024 * 1024, 'x');
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(bytes));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => server.close());
    const gw = await start({ hosts: ['allowed.example'] }, network((server.address() as AddressInfo).port));
    const { socket } = await tunnel(gw, 'allowed.example:443');
    const hello = net.createServer().listen(0, '127.0.0.1');
    await once(hello, 'listening');
    const greeting = once(hello, 'connection').then(async ([from]) => ((await once(from, 'data')) as [Buffer])[0]);
    tls
      .connect({ port: (hello.address() as AddressInfo).port, host: '127.0.0.1', servername: 'allowed.example' })
      .on('error', () => undefined);
    socket.write(await greeting);
    hello.close();
    let length = 0;
    // Reads a little each time the event loop has nothing else to do.
    for (;;) {
      const chunk = socket.read(16 * 1024) as Buffer | null;
      if (chunk !== null) length += chunk.length;
      else if (socket.readableEnded || socket.destroyed) break;
      else await new Promise((resolve) => setImmediate(resolve));
    }
    expect(length).toBe(bytes.length);
  });

  test('another server name inside the tunnel, or no TLS at all, ends it before anything is dialed', async () => {
    const net1 = network(1);
    const gw = await start({ hosts: ['allowed.example'] }, net1);
    const first = await tunnel(gw, 'allowed.example:443');
    tls.connect({ socket: first.socket, servername: 'other.example' }).on('error', () => undefined);
    await once(first.socket, 'close');
    const second = await tunnel(gw, 'allowed.example:443');
    second.socket.write('GET / HTTP/1.1\r\nHost: allowed.example\r\n\r\n');
    second.socket.resume();
    await once(second.socket, 'close');
    expect(net1.dialed).toEqual([]);
    expect(refusals().map((r) => r.reason)).toEqual([
      'the TLS server name is other.example, not allowed.example',
      'the TLS server name is missing, not allowed.example',
    ]);
  });

  test.each([
    ['other.example:443', 'the host is not allowed', 'egress: {hosts: [other.example]}'],
    ['private.example:443', 'the name resolves to a private address', ''],
    ['allowed.example:22', 'only port 443 is allowed', ''],
    [
      'api.github.com:443',
      'git hosts are reached by rules only',
      'egress: {rules: [{host: api.github.com, methods: [GET, HEAD], paths: ["/OWNER/NAME/releases/download/**"]}]}',
    ],
    ['pypi.org:443', 'the registry pypi is not allowed', 'egress: {registries: [pypi]}'],
  ])('%s: %s', async (target, reason, allow) => {
    const net1 = network(1);
    const hosts = ['allowed.example', 'private.example', 'api.github.com'];
    const gw = await start({ hosts, registries: { npm: 'https://mirror.example/npm/' } }, net1);
    expect((await tunnel(gw, target)).status).toBe(403);
    expect(refusals()).toMatchObject([{ target, reason, allow }]);
    expect(net1.dialed).toEqual([]);
  });

  test.each([
    ['http://mocked.example:4444/a', 'mocked.example:4444', 'egress: {hosts: [mocked.example]}'],
    ['http://example.com/', 'example.com:80', 'egress: {hosts: [example.com]}'],
    ['http://[::1]/', '[::1]:80', ''],
    ['http://10.0.0.1:8080/', '10.0.0.1:8080', ''],
    ['http://', 'http://', ''],
  ])('plain HTTP to %s is refused as %s, with the variables that tests without a proxy need', async (asked, target, allow) => {
    const gw = await start();
    const { status, body } = await ask(gw, 'GET', asked, bearer(secrets.agent));
    expect(status).toBe(403);
    expect(body).toContain('HTTP_PROXY');
    expect(refusals()).toMatchObject([{ target, allow }]);
  });

  test("without the agent's secret nothing is reached", async () => {
    const gw = await start({ hosts: ['allowed.example'] }, network(1));
    // Programs that wait to be asked then send the user and password of their proxy.
    expect((await tunnel(gw, 'allowed.example:443', {})).status).toBe(407);
  });
});
