// What the gateway adds to calls of a model: latency, throughput of many streams, memory of an open one; beside a general proxy
// that only forwards (http-proxy-3). Provider, gateway and proxy are processes of their own; all ways are taken in turns.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProxyServer } from 'http-proxy-3';
import { systemNetwork } from '../../gateway/egress/connect.ts';
import { gatewayLimits } from '../../gateway/limits.ts';
import { createGateway } from '../../gateway/server.ts';
import { round } from './statistics.ts';

const streams = 200;
const calls = 500;
const warmUp = 200;
const secret = 'a'.repeat(64);
/** A conversation of an agent, of 20 KB. */
const conversation = [{ role: 'user', content: 'x'.repeat(20_000) }];

/** What the provider is asked to do: events of an answer, milliseconds between them, and whether it stays open after the first. */
interface Asked {
  events: number;
  everyMs?: number;
  hold?: boolean;
}

type Way = 'direct' | 'gateway' | 'proxy';
const ways: readonly Way[] = ['direct', 'gateway', 'proxy'];
type PerWay = Record<Way, number>;

export interface ModelFigures {
  /** Milliseconds that a call takes more than a direct one, at the median and at the 99th percentile. */
  addedP50Ms: Omit<PerWay, 'direct'>;
  addedP99Ms: Omit<PerWay, 'direct'>;
  callP50Ms: PerWay;
  /** 200 streams at a time, with 50 events a second in each as a model sends them: share of the direct throughput. */
  paced: Omit<PerWay, 'direct'>;
  /** … as fast as the processors send them. */
  unpaced: Omit<PerWay, 'direct'>;
  unpacedEventsPerSecond: PerWay;
  /** Memory of an open stream with its request. */
  streamKb: Omit<PerWay, 'direct'>;
}

const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
const first = event({ type: 'message_start', message: { usage: { input_tokens: 5_000, output_tokens: 1 } } });
const delta = event({
  type: 'content_block_delta',
  index: 0,
  delta: { type: 'text_delta', text: 'a few words of it' },
});
const last = event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 100 } });

function provider(): http.Server {
  /** Streams at a pace of their own share a clock. */
  const clocks = new Map<number, Set<() => void>>();
  const onTick = (everyMs: number, work: () => void): (() => void) => {
    let works = clocks.get(everyMs);
    if (works === undefined) {
      const all = new Set<() => void>();
      works = all;
      clocks.set(everyMs, all);
      setInterval(() => {
        for (const one of all) one();
      }, everyMs);
    }
    works.add(work);
    return () => works.delete(work);
  };
  return http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { metadata } = JSON.parse(Buffer.concat(chunks).toString()) as { metadata: { user_id: string } };
    const asked = JSON.parse(metadata.user_id) as Asked;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(first);
    if (asked.hold) return;
    let left = asked.events;
    if (asked.everyMs === undefined) {
      while (left-- > 0) if (!response.write(delta)) await once(response, 'drain');
      response.end(last);
      return;
    }
    const stop = onTick(asked.everyMs, () => {
      if (left-- > 0) response.write(delta);
      else {
        stop();
        response.end(last);
      }
    });
  });
}

const gateway = (socket: string, baseUrl: string, meterFile: string): Promise<http.Server> =>
  createGateway(
    {
      socket,
      artifactsDir: tmpdir(),
      meterFile,
      secrets: { runner: 'r'.repeat(64), agent: secret },
      spec: { phase: 'build' } as never,
      inputs: {},
      baseRepository: '/nonexistent',
      registries: {},
      private: [],
      rules: [],
      hosts: [],
      caps: { artifactBytes: 1, artifactTotalBytes: 1, registryBytes: 1 },
      model: {
        provider: 'anthropic',
        allow: ['*/*'],
        mode: 'live',
        key: 'a-key-that-is-looked-for-in-what-comes-back',
        budgetMicros: 1e15,
        endpoint: { kind: 'anthropic', baseUrl, prices: { list: 'anthropic' } },
      },
    } as Parameters<typeof createGateway>[0],
    () => undefined,
    systemNetwork,
    undefined,
    // A phase has eight calls at a time; what is measured is the code.
    {
      ...gatewayLimits,
      atOnce: 2 * streams,
      connections: 4 * streams,
      bodyBytes: 1e9,
      totalBodyBytes: 1e12,
      calls: 1e6,
    },
  );

/** One of the processes. It answers `memory` with its resident bytes, after a collection. */
async function serve(role: string, folder: string, port: string): Promise<void> {
  const baseUrl = `http://127.0.0.1:${port}`;
  const server =
    role === 'provider'
      ? provider()
      : role === 'gateway'
        ? await gateway('', baseUrl, join(folder, 'meter.ndjson'))
        : http.createServer((request, response) => {
            proxy.web(request, response, { target: baseUrl });
          });
  const proxy = createProxyServer({ agent: new http.Agent({ keepAlive: true }) });
  proxy.on('error', () => undefined);
  process.on('message', () => {
    globalThis.gc?.();
    process.send?.({ bytes: process.memoryUsage().rss });
  });
  process.once('disconnect', () => process.exit(0));
  server.listen(role === 'provider' ? { port: 0, host: '127.0.0.1' } : join(folder, `${role}.sock`));
  await once(server, 'listening');
  process.send?.({ port: role === 'provider' ? (server.address() as AddressInfo).port : 0 });
}

async function start(role: string, folder: string, port = 0): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(import.meta.filename, [role, folder, String(port)], { execArgv: ['--expose-gc'] });
  const [told] = (await once(child, 'message')) as [{ port: number }];
  return { child, port: told.port };
}

/** Connections of one part of the bench: a server ends those that were idle for seconds. */
let agent = new http.Agent({ keepAlive: true });
const renew = (): void => {
  agent.destroy();
  agent = new http.Agent({ keepAlive: true });
};

/** A call by one of the ways. @returns the response once its headers are there. */
async function call(way: Way, folder: string, port: number, asked: Asked): Promise<http.IncomingMessage> {
  const body = JSON.stringify({
    model: 'claude-sonnet-4-5',
    max_tokens: 1_000,
    stream: true,
    messages: conversation,
    metadata: { user_id: JSON.stringify(asked) },
  });
  const request = http.request({
    agent,
    method: 'POST',
    path: way === 'gateway' ? '/model/anthropic/v1/messages' : '/v1/messages',
    headers: {
      authorization: `Bearer ${secret}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    },
    ...(way === 'direct' ? { host: '127.0.0.1', port } : { socketPath: join(folder, `${way}.sock`) }),
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`${way}: ${response.statusCode}`);
  return response;
}

async function read(response: http.IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) bytes += chunk.length;
  return bytes;
}

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
const perWay = <T>(make: (way: Way) => T): Record<Way, T> => ({
  direct: make('direct'),
  gateway: make('gateway'),
  proxy: make('proxy'),
});

async function benchModels(): Promise<ModelFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-bench-'));
  const vendor = await start('provider', folder);
  const between = {
    gateway: await start('gateway', folder, vendor.port),
    proxy: await start('proxy', folder, vendor.port),
  };
  const send = (way: Way, asked: Asked) => call(way, folder, vendor.port, asked);

  const took = perWay((): number[] => []);
  for (let n = 0; n < warmUp + calls; n += 1)
    for (const way of ways) {
      const begin = performance.now();
      await read(await send(way, { events: 5 }));
      if (n >= warmUp) took[way].push(performance.now() - begin);
    }

  /** Bytes a millisecond of many streams at a time. */
  const throughput = async (way: Way, asked: Asked): Promise<number> => {
    renew();
    const begin = performance.now();
    const bytes = await Promise.all(Array.from({ length: streams }, async () => read(await send(way, asked))));
    return bytes.reduce((sum, one) => sum + one, 0) / (performance.now() - begin);
  };
  const best = async (asked: Asked): Promise<PerWay> => {
    const taken = perWay((): number[] => []);
    for (let round = 0; round < 3; round += 1) for (const way of ways) taken[way].push(await throughput(way, asked));
    return perWay((way) => quantile(taken[way], 0.5));
  };
  const paced = await best({ events: 150, everyMs: 20 });
  const unpaced = await best({ events: 500 });

  const memory = async ({ child }: { child: ChildProcess }): Promise<number> => {
    child.send('memory');
    const [{ bytes }] = (await once(child, 'message')) as [{ bytes: number }];
    return bytes;
  };
  const held = async (way: 'gateway' | 'proxy'): Promise<number> => {
    renew();
    const before = await memory(between[way]);
    const open = await Promise.all(Array.from({ length: streams }, () => send(way, { events: 0, hold: true })));
    await Promise.all(open.map((response) => once(response, 'data')));
    const bytes = (await memory(between[way])) - before;
    for (const response of open) response.destroy();
    return round(bytes / 1024 / streams, 0);
  };
  const streamKb = { gateway: await held('gateway'), proxy: await held('proxy') };

  for (const { child } of [vendor, ...Object.values(between)]) {
    child.disconnect();
    await once(child, 'exit');
  }
  agent.destroy();
  rmSync(folder, { recursive: true });
  const added = (share: number): Omit<PerWay, 'direct'> => {
    const of = perWay((way) => quantile(took[way], share));
    return { gateway: round(of.gateway - of.direct, 2), proxy: round(of.proxy - of.direct, 2) };
  };
  const shares = (of: PerWay): Omit<PerWay, 'direct'> => ({
    gateway: round(of.gateway / of.direct, 2),
    proxy: round(of.proxy / of.direct, 2),
  });
  return {
    addedP50Ms: added(0.5),
    addedP99Ms: added(0.99),
    callP50Ms: perWay((way) => round(quantile(took[way], 0.5), 2)),
    paced: shares(paced),
    unpaced: shares(unpaced),
    unpacedEventsPerSecond: perWay((way) => Math.round((unpaced[way] * 1_000) / delta.length)),
    streamKb,
  };
}

const [role, folder = '', port = ''] = process.argv.slice(2);
if (role === undefined) console.log(JSON.stringify(await benchModels()));
else await serve(role, folder, port);
