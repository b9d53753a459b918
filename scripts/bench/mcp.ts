import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createGateway } from '../../gateway/server.ts';
import { median, round } from './statistics.ts';

const calls = 2_000;
const rounds = 5;
const secrets = { runner: 'r'.repeat(64), agent: 'a'.repeat(64) };
/** An answer as long as a page of documentation. */
const text = 'documentation '.repeat(300);

export interface McpFigures {
  /** Milliseconds of a call of a tool of a server on this machine, one call after another. */
  directMs: number;
  gatewayMs: number;
  /** The latter in terms of the former. */
  ratio: number;
  /** What the gateway adds to a call, which the slowest of a hundred exceeds. */
  addedP50Ms: number;
  addedP99Ms: number;
}

type Role = { upstream: true } | { url: string };

/** The server in a thread of its own, and the gateway in another one. */
async function serve(role: Role): Promise<number> {
  const server = 'upstream' in role ? upstream() : await gateway(role.url);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const upstream = (): http.Server =>
  http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { id } = JSON.parse(Buffer.concat(chunks).toString());
      const body = JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } });
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    });
  });

const gateway = (url: string): Promise<http.Server> =>
  createGateway(
    {
      artifactsDir: tmpdir(),
      meterFile: '/dev/null',
      secrets,
      spec: { phase: 'build' } as never,
      inputs: {},
      baseRepository: '/nonexistent',
      registries: {},
      private: [],
      rules: [],
      mcp: [
        {
          name: 'docs',
          url,
          tools: ['search'],
          credential: { name: 'authorization', value: 'Bearer some-long-token' },
        },
      ],
      hosts: [],
      caps: { artifactBytes: 1, artifactTotalBytes: 1, registryBytes: 1 },
    },
    () => undefined,
  );

async function start(role: Role): Promise<{ port: number; worker: Worker }> {
  const worker = new Worker(new URL(import.meta.url), { workerData: role });
  const [port] = (await once(worker, 'message')) as [number];
  return { port, worker };
}

/** Milliseconds of each of so many calls. */
async function callsAt(port: number): Promise<number[]> {
  const headers = { authorization: `Bearer ${secrets.agent}`, 'content-type': 'application/json' };
  const taken: number[] = [];
  for (let id = 0; id < calls; id += 1) {
    const params = { name: 'search', arguments: { query: 'a page' } };
    const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params });
    const begin = performance.now();
    const answer = await fetch(`http://127.0.0.1:${port}/mcp/docs`, { method: 'POST', headers, body });
    const { result } = (await answer.json()) as { result?: unknown };
    taken.push(performance.now() - begin);
    if (result === undefined) throw new Error(`call ${id} was answered with ${answer.status}`);
  }
  return taken;
}

const quantile = (values: readonly number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * part)] ?? 0;

async function benchMcp(): Promise<McpFigures> {
  const server = await start({ upstream: true });
  const between = await start({ url: `http://127.0.0.1:${server.port}/mcp` });
  await fetch(`http://127.0.0.1:${between.port}/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secrets.runner}` },
    body: '{"type":"step","name":"agent","status":"started"}\n',
  });
  const taken: { direct: number[]; through: number[] }[] = [];
  // In turns, because another load on the machine comes and goes; the first turn compiles.
  for (let n = 0; n <= rounds; n += 1)
    taken.push({ direct: await callsAt(server.port), through: await callsAt(between.port) });
  await Promise.all([server.worker.terminate(), between.worker.terminate()]);
  const of = (figure: (round: (typeof taken)[number]) => number): number => median(taken.slice(1).map(figure));
  const directMs = of(({ direct }) => median(direct));
  const gatewayMs = of(({ through }) => median(through));
  return {
    directMs: round(directMs, 2),
    gatewayMs: round(gatewayMs, 2),
    ratio: round(
      of(({ direct, through }) => median(through) / median(direct)),
      2,
    ),
    addedP50Ms: round(
      of(({ direct, through }) => median(through) - median(direct)),
      2,
    ),
    addedP99Ms: round(
      of(({ direct, through }) => quantile(through, 0.99) - quantile(direct, 0.99)),
      2,
    ),
  };
}

if (isMainThread) console.log(JSON.stringify(await benchMcp()));
else parentPort?.postMessage(await serve(workerData as Role));
