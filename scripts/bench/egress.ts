import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createAuthority } from '../../gateway/authority/authority.ts';
import { createGateway } from '../../gateway/server.ts';
import { median, round } from './statistics.ts';

const host = 'files.example.com';
const megabytes = 64;
const rounds = 3;
const secret = 'a'.repeat(64);

export interface EgressFigures {
  /** MB a second of a download over TLS, from a server on this machine. */
  directMbs: number;
  tunnelMbs: number;
  ruleMbs: number;
  /** With a credential, which is looked for in what comes back. */
  credentialMbs: number;
  /** Libraries of the authority of a phase loaded, and its certificate made. */
  authorityMs: number;
}

type Role = { upstream: true } | { socket: string; port: number; trusted: string };

/** The server in a thread of its own, and the gateway in another one. */
async function serve(role: Role): Promise<unknown> {
  if ('upstream' in role) {
    const authority = await createAuthority();
    const piece = Buffer.alloc(1024 * 1024, 'x');
    const SNICallback: tls.TlsOptions['SNICallback'] = (name, done) => done(null, authority.contextOf(name));
    const server = https.createServer({ SNICallback }, (_request, response) => {
      let left = megabytes;
      const more = (): void => {
        while (left > 0) {
          left -= 1;
          if (!response.write(piece)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: (server.address() as net.AddressInfo).port, trusted: authority.certificate };
  }
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), role.trusted]);
  const rule = { methods: ['GET'], paths: ['/**'], bodyBytes: 0 };
  const server = await createGateway(
    {
      artifactsDir: tmpdir(),
      meterFile: '/dev/null',
      secrets: { runner: 'r'.repeat(64), agent: secret },
      spec: { phase: 'build' } as never,
      inputs: {},
      baseRepository: '/nonexistent',
      registries: {},
      private: [],
      rules: [
        { host, ...rule },
        { host: `secret.${host}`, ...rule, credential: { name: 'authorization', value: 'Bearer some-long-token' } },
      ],
      hosts: [`tunnel.${host}`],
      caps: { artifactBytes: 1, artifactTotalBytes: 1, registryBytes: 1e12 },
    },
    () => undefined,
    { resolve: async () => ['93.184.216.34'], dial: () => net.connect(role.port, '127.0.0.1') },
  );
  server.listen(role.socket);
  await once(server, 'listening');
  return {};
}

async function start<T>(role: Role): Promise<{ told: T; worker: Worker }> {
  const worker = new Worker(new URL(import.meta.url), { workerData: role });
  const [told] = (await once(worker, 'message')) as [T];
  return { told, worker };
}

/** MB a second of one download. */
async function download(connect: () => Promise<tls.TLSSocket>): Promise<number> {
  const socket = await connect();
  const begin = performance.now();
  const name = socket.servername || host;
  const request = http.get({ createConnection: () => socket, path: '/', headers: { host: name } });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) bytes += chunk.length;
  if (bytes !== megabytes * 1024 * 1024) throw new Error(`${name}: ${response.statusCode}, ${bytes} bytes`);
  socket.destroy();
  return megabytes / ((performance.now() - begin) / 1_000);
}

async function benchEgress(): Promise<EgressFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-bench-'));
  const begin = performance.now();
  const authorityMs = await createAuthority().then(() => performance.now() - begin);
  const upstream = await start<{ port: number; trusted: string }>({ upstream: true });
  const { port, trusted } = upstream.told;
  const socketPath = join(folder, 'gw.sock');
  const gateway = await start({ socket: socketPath, port, trusted });
  const secured = async (socket: net.Socket, servername: string): Promise<tls.TLSSocket> => {
    // The authority of a phase is not known here, and whom this trusts does not change its speed.
    const secure = tls.connect({ socket, servername, rejectUnauthorized: false, checkServerIdentity: () => undefined });
    await once(secure, 'secureConnect');
    return secure;
  };
  const through = async (name: string): Promise<tls.TLSSocket> => {
    const headers = { 'proxy-authorization': `Basic ${Buffer.from(`agent:${secret}`).toString('base64')}` };
    const request = http.request({ socketPath, method: 'CONNECT', path: `${name}:443`, headers }).end();
    const [, socket] = (await once(request, 'connect')) as [unknown, net.Socket];
    return secured(socket, name);
  };
  const ways: Record<'directMbs' | 'tunnelMbs' | 'ruleMbs' | 'credentialMbs', () => Promise<tls.TLSSocket>> = {
    directMbs: () => secured(net.connect(port, '127.0.0.1'), host),
    tunnelMbs: () => through(`tunnel.${host}`),
    ruleMbs: () => through(host),
    credentialMbs: () => through(`secret.${host}`),
  };
  const taken = Object.fromEntries(Object.keys(ways).map((way) => [way, [] as number[]]));
  for (let n = 0; n <= rounds; n++)
    for (const [way, connect] of Object.entries(ways)) {
      const speed = await download(connect);
      if (n > 0) taken[way]?.push(speed); // the first one compiles
    }
  await Promise.all([gateway.worker.terminate(), upstream.worker.terminate()]);
  rmSync(folder, { recursive: true });
  const of = (way: keyof typeof ways): number => round(median(taken[way] ?? []), 0);
  return {
    directMbs: of('directMbs'),
    tunnelMbs: of('tunnelMbs'),
    ruleMbs: of('ruleMbs'),
    credentialMbs: of('credentialMbs'),
    authorityMs: round(authorityMs, 0),
  };
}

if (isMainThread) console.log(JSON.stringify(await benchEgress()));
else parentPort?.postMessage(await serve(workerData as Role));
