import { lookup } from 'node:dns/promises';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { isGitHost } from '../../core/egress/git-hosts.ts';
import type { Answered, Caller, GatewayContext } from '../context.ts';
import type { RuledHosts } from '../rules/hosts.ts';
import { type AllowLines, allowHost, allowRegistry } from './allow.ts';
import type { EndTls } from './end-tls.ts';
import { isPublicAddress } from './public-address.ts';
import { maxClientHello, serverName } from './sni.ts';

/** Time limit for a client's ClientHello after the tunnel is established. */
const helloTimeoutMs = 10_000;

/**
 * Splits `host:port`; `undefined` for any other text.
 * @internal for its tests
 */
export function parseAuthority(target: string): { host: string; port: number } | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(target);
  if (match === null) return undefined;
  const host = (match[1] ?? '').replace(/^\[|\]$/g, '').toLowerCase();
  const port = Number(match[2]);
  return port > 0 && port < 65_536 ? { host, port } : undefined;
}

/** Access to the internet; tests replace it. */
export interface Network {
  resolve(host: string): Promise<string[]>;
  /** @param address A resolved address of the host. @throws Error, with a message for people, if a proxy refuses. */
  dial(address: string, port: number, host: string): Socket | Promise<Socket>;
}
export const systemNetwork: Network = {
  resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  dial: (address, port) => connect({ host: address, port }),
};

interface Tunnel {
  request: IncomingMessage;
  socket: Socket;
  /** Bytes that the client sent directly after its request. */
  head: Buffer;
  caller: Caller;
}
interface Gateway {
  context: GatewayContext;
  network: Network;
  hosts: RuledHosts;
  /** Ends the TLS of a connection to a host with rules, and answers its requests. */
  endTls: EndTls;
}
interface Denial extends AllowLines {
  reason: string;
}

/**
 * Handles `CONNECT host:443` for the phase's hosts. The gateway resolves the name, requires public addresses, and
 * requires that the TLS server name is the requested host: otherwise a tunnel could reach another site behind the same
 * CDN.
 */
export function connectRoute(gateway: Gateway, tunnel: Tunnel): void {
  tunnel.socket.on('error', () => tunnel.socket.destroy());
  void open(gateway, tunnel).catch(() => tunnel.socket.destroy());
}

async function open(gateway: Gateway, tunnel: Tunnel): Promise<void> {
  const { context, network, hosts, endTls } = gateway;
  const { request, socket } = tunnel;
  const target = (request.url ?? '').slice(0, 300);
  const authority = parseAuthority(target);
  if (tunnel.caller !== 'agent') {
    unauthorized(context, tunnel, target);
    return;
  }
  const denied = deny(context, hosts, authority);
  if (denied !== undefined || authority === undefined) {
    refuse(context, tunnel, target, denied ?? { reason: 'not host:port', allow: '' });
    return;
  }
  const { host } = authority;
  if (hosts.has(host)) {
    const accept = await endTls(host, request);
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    const hello = await namedHello(context, tunnel, host, true);
    if (hello === undefined) return;
    socket.unshift(hello);
    accept(socket);
    return;
  }
  const addresses = await network.resolve(host).catch(() => []);
  const address = addresses[0];
  if (address === undefined || !addresses.every(isPublicAddress)) {
    const reason = address === undefined ? 'the name does not resolve' : 'the name resolves to a private address';
    refuse(context, tunnel, target, { reason, allow: '' });
    return;
  }
  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  const hello = await namedHello(context, tunnel, host, false);
  if (hello === undefined) return;
  let upstream: Socket;
  try {
    upstream = await network.dial(address, 443, host);
  } catch (error) {
    context.record({ target, reason: error instanceof Error ? error.message : String(error), allow: '' }, request);
    socket.destroy();
    return;
  }
  // Reported now, and its bytes at the end, so that the tunnel is recorded even if the gateway ends first.
  context.tell({ type: 'traffic', route: 'connect', target: host, bytes: 0 });
  upstream.on('error', () => socket.destroy());
  // What has come is still written: a host may close right after the end of its answer.
  upstream.on('close', () => socket.destroySoon());
  socket.on('close', () => (socket.readableEnded ? upstream.destroySoon() : upstream.destroy()));
  upstream.write(hello);
  socket.pipe(upstream).pipe(socket);
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  context.tell({ type: 'traffic', route: 'connect', target: host, bytes: upstream.bytesRead + upstream.bytesWritten });
}

/** The ClientHello, if it names this host; otherwise the tunnel is refused. */
async function namedHello(
  context: GatewayContext,
  { request, socket, head }: Tunnel,
  host: string,
  endedHere: boolean,
): Promise<Buffer | undefined> {
  const hello = await clientHello(socket, head);
  const named = hello === undefined ? undefined : serverName(hello, endedHere);
  if (hello !== undefined && named?.kind === 'name' && named.name === host) return hello;
  const name = named?.kind === 'name' ? named.name : (named?.kind === 'none' && named.reason) || 'missing';
  context.record({ target: `${host}:443`, reason: `the TLS server name is ${name}, not ${host}`, allow: '' }, request);
  socket.destroy();
  return undefined;
}

/**
 * The reason why a target is denied; `undefined` if it is allowed, provided that its name resolves to public addresses.
 */
function deny(
  { config }: GatewayContext,
  ruled: RuledHosts,
  authority: ReturnType<typeof parseAuthority>,
): Denial | undefined {
  if (authority === undefined) return { reason: 'not host:port', allow: '' };
  const { host, port } = authority;
  if (!ruled.has(host)) {
    if (isGitHost(host)) return { reason: 'git hosts are reached by rules only', ...allowHost(host) };
    if (!config.hosts.includes(host)) {
      const kind = ruled.registryOf(host);
      if (kind !== undefined) return { reason: `the registry ${kind} is not allowed`, ...allowRegistry(kind) };
      return { reason: 'the host is not allowed', ...(port === 443 ? allowHost(host) : { allow: '' }) };
    }
  }
  return port === 443 ? undefined : { reason: 'only port 443 is allowed', allow: '' };
}

/** RFC 9110 §15.5.8: a client that gets this answer asks again with the user and password of its proxy. */
function unauthorized(context: GatewayContext, { request, socket, caller }: Tunnel, target: string): void {
  const reason = 'CONNECT without the secret of the agent';
  if (caller !== 'nobody') context.record({ target, reason, allow: '' }, request);
  const headers = ['Proxy-Authenticate: Basic realm="drydock"', 'Content-Length: 0', 'Connection: close'];
  socket.end(`HTTP/1.1 407 Proxy Authentication Required\r\n${headers.join('\r\n')}\r\n\r\n`);
}

function refuse(context: GatewayContext, { request, socket }: Tunnel, target: string, denial: Denial): void {
  context.record({ target, ...denial }, request);
  const { reason, allow, allowInSpec } = denial;
  const lines = [
    `refused by Drydock: ${target}: ${reason}`,
    ...(allow === '' ? [] : [`would be allowed by, in the policy: ${allow}`]),
    ...(allowInSpec === undefined ? [] : [`and in the spec: ${allowInSpec}`]),
  ];
  const body = lines.map((line) => `${line}\n`).join('');
  const headers = ['Content-Type: text/plain', `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close'];
  socket.end(`HTTP/1.1 403 Forbidden\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
}

/**
 * Collects the first TLS record. Resolves with `undefined` if the client sends something else, nothing, or disconnects.
 */
function clientHello(socket: Socket, head: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let bytes = head;
    const finish = (value: Buffer | undefined): void => {
      clearTimeout(timer);
      socket.off('data', take).off('close', leave).pause();
      resolve(value);
    };
    const leave = (): void => finish(undefined);
    const check = (): void => {
      if (serverName(bytes).kind !== 'more') finish(bytes);
      else if (bytes.length > maxClientHello) finish(undefined);
    };
    const take = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      check();
    };
    const timer = setTimeout(leave, helloTimeoutMs);
    socket.on('data', take).on('close', leave);
    socket.resume();
    check();
  });
}

/** Refuses `GET http://host/…`, a request to a plain-HTTP proxy: no host is allowed without TLS. */
export function refusePlainProxy(context: GatewayContext, exchange: Answered, target: string): void {
  exchange.request.resume();
  const { hostname = '', port = '' } = URL.canParse(target) ? new URL(target) : {};
  context.refuse(exchange, 403, {
    target: hostname === '' ? target.slice(0, 300) : `${hostname}:${port === '' ? 80 : port}`,
    reason: plainHttp,
    ...(hostname === '' ? { allow: '' } : allowHost(hostname.replace(/^\[|\]$/g, ''))),
  });
}

/** Tests of HTTP clients ask servers of their own, or names that they mock, and the client asks the proxy in their place. */
const plainHttp =
  'plain HTTP is not allowed; use https, or, in tests that need no proxy, sandbox: {env: {HTTP_PROXY: "", http_proxy: ""}}';
