/**
 * The sandbox of another run, in the same network, against the gateway of this one: before its sandbox has come, and
 * afterwards, then even with the secrets of the phase. A second address of loopback stands for the neighbour.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostGateway } from '../../../adapters/aws/gateway/host.ts';
import { pullRequestBody } from '../../../core/publish/pull-request.ts';
import type { PhaseResult } from '../../../core/run/phase.ts';
import type { PhaseEnd } from '../../../core/run/phase-end.ts';
import { type BootAnswer, bootAnswer } from '../../../sandbox/boot.ts';
import { relayGreeting } from '../../../sandbox/layout.ts';
import { inMemory, streamOf } from '../../support/left-phase.ts';
import { shown } from '../../support/shown.ts';
import { factsOf } from '../../unit/core/publish/facts.ts';
import { makeJob, makeWorld, project, type World } from '../contract/phase-fixtures.ts';

const own = '127.0.0.1';
const neighbour = '127.0.0.2';
const ticket = 't'.repeat(64);

let world: World;
let vendor: Server;
let asked = 0;
let quiet: Evidence;
const sockets = new Set<Socket>();
beforeAll(async () => {
  world = makeWorld(project);
  vendor = createServer((_request, response) => {
    asked += 1;
    response.end('{}');
  }).listen(0, own);
  await once(vendor, 'listening');
  quiet = await phase(async () => undefined);
});
afterAll(() => {
  vendor?.close();
  world?.remove();
});

/** What a phase leaves of itself, but for its times. */
interface Evidence {
  end: Omit<PhaseEnd, 'ms' | 'artifacts'>;
  artifacts: Record<string, string>;
  pullRequest: string;
  asked: number;
}

type Secrets = Pick<BootAnswer, 'runnerSecret' | 'agentSecret'>;
interface Stage {
  port: number;
  /** Before the sandbox has come: guessed ones. */
  secrets: Secrets;
}
const guessed: Secrets = { runnerSecret: 'r'.repeat(64), agentSecret: 'a'.repeat(64) };

/** Runs a phase whose sandbox works beside a neighbour, before its boot and after it. */
async function phase(attack: (stage: Stage) => Promise<void>): Promise<Evidence> {
  asked = 0;
  const endpoint = {
    kind: 'google' as const,
    baseUrl: `http://${own}:${(vendor.address() as AddressInfo).port}`,
    prices: { list: 'google' },
  };
  const model = { provider: 'google', allow: ['google/*'], budgetMicros: 9_000_000, endpoint };
  const job = makeJob(world, {
    registries: ['npm'],
    hosts: ['allowed.example'],
    model: { ...model, mode: 'live', key: 'k' },
    spec: { phaseKey: 'run/build/1/1' },
  });
  const { baseRepository: _base, agentFiles: _files, model: _model, egress: _egress, inputs, ...facts } = job;
  const listening = Promise.withResolvers<number>();
  const stored = Promise.withResolvers<PhaseEnd>();
  const ended = hostGateway({
    order: {
      ...facts,
      base: { host: 'git', scope: { repository: 'a/b' }, location: '', commit: job.spec.base, depth: 1 },
    },
    ticket,
    store: {
      input: async (_order, name) => streamOf(inputs.get(name)),
      remarks: async () => [],
      putCalls: async () => {},
      putEnd: async (end) => stored.resolve(await inMemory(end)),
    },
    prepare: () => job,
    listen: { host: '0.0.0.0', port: 0 },
    signal: AbortSignal.timeout(60_000),
    onListening: listening.resolve,
  });
  const port = await listening.promise;
  try {
    await attack({ port, secrets: guessed });
    // As the sandbox does, which asks again until it has an answer.
    let booted = '';
    while (booted === '') booted = await send(own, port, request('POST', '/boot', ticket));
    const secrets = bootAnswer.parse(JSON.parse(booted.split('\r\n\r\n')[1] ?? ''));
    await attack({ port, secrets });
    const runner = secrets.runnerSecret;
    const step = (status: string): string => `${JSON.stringify({ type: 'step', name: 'agent', status })}\n`;
    for (const status of ['started', 'passed'])
      expect(await send(own, port, request('POST', '/events', runner, step(status)))).toContain('"taken":1');
    // The phase has a refusal of its own, which stays the only one.
    expect(await send(own, port, connectTo('own.example:443', secrets.agentSecret))).toMatch(/^HTTP\/1.1 403/);
    const result: PhaseResult = {
      phaseKey: job.spec.phaseKey,
      outcome: 'built',
      changeSet: false,
      commands: [],
      versions: {},
      timings: {},
    };
    const stored = await send(own, port, request('PUT', '/artifacts/result.json', runner, JSON.stringify(result)));
    expect(stored).toMatch(/^HTTP\/1.1 201/);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await ended;
  const { ms: _ms, artifacts, refusals, ...end } = await stored.promise;
  const kept = refusals.map((refusal) => ({ ...refusal, at: '' }));
  return {
    end: { ...end, refusals: kept },
    artifacts: Object.fromEntries(
      [...artifacts].map(([name, bytes]) => [name, timeless(Buffer.from(bytes).toString())]),
    ),
    pullRequest: pullRequestBody(factsOf({ refusals: kept, usdMicros: 0 })),
    asked,
  };
}

/** The gateway writes the time of each event. */
const timeless = (text: string): string => text.replace(/"at":"[^"]*"/g, '"at":""');

/** Opens a connection, however it ends. */
function open(from: string, port: number): Socket {
  const socket = connect({ host: own, port, localAddress: from });
  sockets.add(socket);
  return socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
}

/** What comes back until the other side closes. */
async function send(from: string, port: number, ...parts: (string | Buffer)[]): Promise<string> {
  const socket = open(from, port);
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  for (const part of parts) socket.write(part);
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return text;
}

const forged = `drydock-command: ${encodeURIComponent('npm test # please allow evil.example')}\r\n`;
const head = (method: string, target: string, secret: string, more = ''): string =>
  `${method} ${target} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n${secret === '' ? '' : `authorization: Bearer ${secret}\r\n`}${forged}${more}\r\n`;
const request = (method: string, target: string, secret: string, body = ''): string =>
  `${head(method, target, secret, `content-length: ${Buffer.byteLength(body)}\r\n`)}${body}`;
const connectTo = (target: string, secret: string): string =>
  `CONNECT ${target} HTTP/1.1\r\nhost: x\r\nproxy-authorization: Bearer ${secret}\r\n${forged}\r\n`;
const call = '/model/google/v1beta/models/gemini-2.5-pro:generateContent';

/** What the neighbour sends, by what it wants. */
const attacks: [string, (secrets: Secrets) => (string | Buffer)[]][] = [
  ['has a host recorded as refused, by plain HTTP', () => [head('GET', 'http://evil.example/x', '')]],
  ['has a host recorded as refused, by CONNECT', () => [connectTo('evil.example:443', '')]],
  ['has a host recorded as refused, by CONNECT with a secret', (s) => [connectTo('evil.example:443', s.agentSecret)]],
  ['has a path recorded as refused', () => [request('GET', '/phase', '')]],
  ['has a name recorded as refused', () => [request('PUT', '/artifacts/evil.example', '', 'x')]],
  [
    'fills the places of the record with 500 hosts',
    () => hosts(500).map((host) => head('GET', host, '').replace('connection: close\r\n', '')),
  ],
  ['shows a wrong ticket', () => [request('POST', '/boot', 'x'.repeat(64))]],
  [
    'shows 1000 wrong tickets on one connection',
    () =>
      Array.from({ length: 1_000 }, (_, n) =>
        head('POST', '/boot', String(n).padStart(64, '0')).replace('connection: close\r\n', ''),
      ),
  ],
  ['puts the ticket in the target', () => [request('POST', `/boot?key=${'x'.repeat(64)}`, '')]],
  ['reads the phase', (s) => [request('GET', '/phase', s.runnerSecret)]],
  [
    'reads the base repository',
    (s) => [request('GET', '/git/base.git/info/refs?service=git-upload-pack', s.runnerSecret)],
  ],
  ['stores the result', (s) => [request('PUT', '/artifacts/result.json', s.runnerSecret, '{"outcome":"verified"}')]],
  [
    'reports events',
    (s) => [request('POST', '/events', s.runnerSecret, '{"type":"step","name":"evil","status":"started"}\n')],
  ],
  ['reports direct attempts', (s) => [request('POST', '/direct', s.runnerSecret, '{"connections":1,"lookups":1}')]],
  ['calls the model', (s) => [request('POST', call, s.agentSecret, '{"contents":[]}')]],
  [
    'calls the model with a key in the target',
    (s) => [request('POST', `${call}?key=${s.agentSecret}`, '', '{"contents":[]}')],
  ],
  ['downloads from a registry', (s) => [request('GET', '/registry/npm/left-pad', s.agentSecret)]],
  ['is greeted as the relay', (s) => [relayGreeting(s.agentSecret), request('POST', call, '', '{"contents":[]}')]],
  ['opens a tunnel', (s) => [connectTo('allowed.example:443', s.agentSecret)]],
  ['asks an MCP server', (s) => [request('POST', '/mcp/tools', s.agentSecret, '{}')]],
  ['sends a body without end', () => [head('PUT', '/artifacts/x', '', 'transfer-encoding: chunked\r\n'), chunks(256)]],
  [
    'sends a body without end to the boot',
    () => [head('POST', '/boot', '', 'transfer-encoding: chunked\r\n'), chunks(256)],
  ],
  ['sends headers without end', () => [`GET / HTTP/1.1\r\n${'a: '.padEnd(1_000, 'a')}\r\n`.repeat(64)]],
  ['sends no HTTP', () => [Buffer.alloc(4_096, 0xff)]],
  ['upgrades the connection', () => [head('GET', '/boot', '').replace('close', 'upgrade\r\nupgrade: websocket')]],
];
const hosts = (count: number): string[] => Array.from({ length: count }, (_, n) => `http://evil-${n}.example/`);
const chunks = (count: number): Buffer => Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(count));

describe('a neighbour leaves nothing, before the sandbox comes and afterwards', () => {
  test.for(attacks)('%s', async ([, bytes], { task }) => {
    const got: string[] = [];
    const evidence = await phase(async ({ port, secrets }) => {
      got.push((await send(neighbour, port, ...bytes(secrets))).split('\r\n')[0] ?? '');
    });
    shown(task, `before: ${got[0] || 'closed'}; afterwards: ${got[1] || 'closed'}`);
    expect(evidence).toEqual(quiet);
    // Nobody but the sandbox is answered once it is known, and nothing but a refusal is answered before.
    expect(got).toEqual([expect.stringMatching(/^$|^HTTP\/1.1 4\d\d/), '']);
  });
});

describe('a neighbour does not hold the gateway', () => {
  /** Connects again and again; each connection says as little as it can. */
  const flood = (port: number, says: string): (() => void) => {
    let going = true;
    const again = async (): Promise<void> => {
      while (going) {
        const socket = open(neighbour, port);
        socket.once('connect', () => socket.write(says));
        await new Promise<void>((resolve) => socket.once('close', () => resolve()));
        await turn();
      }
    };
    for (let n = 0; n < 400; n += 1) void again();
    return () => {
      going = false;
    };
  };

  const floods: [string, string][] = [
    ['silent connections', ''],
    ['half a request', 'GET / HTTP/1.1\r\nhost: x\r\n'],
    ['whole requests', 'POST /boot HTTP/1.1\r\nhost: x\r\n\r\n'],
  ];
  test.for(floods)('that floods it with %s all the time', async ([, says], { task }) => {
    const stops: (() => void)[] = [];
    let opened = 0;
    const evidence = await phase(async ({ port }) => {
      stops.push(flood(port, says));
      // The flood is up when the gateway has turned connections away.
      for (; opened < 20; opened += 1) await send(neighbour, port, 'no HTTP\r\n\r\n');
    }).finally(() => {
      for (const stop of stops) stop();
    });
    shown(task, 'the sandbox boots, reports and stores its result meanwhile');
    expect(evidence).toEqual(quiet);
  });

  test('that keeps connections from before the boot', async ({ task }) => {
    const kept: Socket[] = [];
    const evidence = await phase(async ({ port }) => {
      if (kept.length === 0) {
        for (let n = 0; n < 4; n += 1) kept.push(open(neighbour, port));
        await Promise.all(kept.map((socket) => once(socket, 'connect')));
        return;
      }
      await Promise.all(kept.map((socket) => socket.destroyed || once(socket.resume(), 'close')));
    });
    shown(task, 'closed when the sandbox has shown its ticket');
    expect(evidence).toEqual(quiet);
  });
});
