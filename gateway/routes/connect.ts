import { lookup } from 'node:dns/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { type Caller, type GatewayContext, sendJson } from '../context.ts';
import { isPublicAddress } from '../public-address.ts';
import { MAX_CLIENT_HELLO, serverName } from '../sni.ts';

/** How long a client may take from the tunnel's start to its ClientHello. */
const HELLO_TIMEOUT_MS = 10_000;

const allowLine = (host: string): string => (isIP(host) === 0 ? `egress: {hosts: [${host}]}` : '');

/** Splits `host:port`; undefined where it is not one. */
export function parseAuthority(target: string): { host: string; port: number } | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(target);
  if (match === null) return undefined;
  const host = (match[1] ?? '').replace(/^\[|\]$/g, '').toLowerCase();
  const port = Number(match[2]);
  return port > 0 && port < 65_536 ? { host, port } : undefined;
}

/**
 * `CONNECT host:443` for the phase's hosts. The name is resolved here, the addresses have to be public, and the TLS
 * server name has to be the host that was asked for, else the tunnel could end at another site of the same front.
 */
export function connectRoute(
  context: GatewayContext,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  caller: Caller,
): void {
  const target = (request.url ?? '').slice(0, 300);
  socket.on('error', () => socket.destroy());
  const refuse = (reason: string, allow: string): void => {
    context.record({ target, reason, allow }, request);
    const body = `refused by Drydock: ${target}: ${reason}\n${allow === '' ? '' : `would be allowed by: ${allow}\n`}`;
    socket.end(
      `HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  };
  const denied = deny(context, target, caller);
  if (denied !== undefined) refuse(denied.reason, denied.allow);
  else
    void tunnel(context, target.slice(0, target.lastIndexOf(':')).toLowerCase(), socket, head, refuse).catch(() =>
      socket.destroy(),
    );
}

/** Why a target may not be reached at all; undefined where it may, if its name resolves well. */
function deny(context: GatewayContext, target: string, caller: Caller): { reason: string; allow: string } | undefined {
  const authority = parseAuthority(target);
  if (caller !== 'agent') return { reason: 'CONNECT without the secret of the agent', allow: '' };
  if (authority === undefined) return { reason: 'not host:port', allow: '' };
  const { host, port } = authority;
  if (!context.config.hosts.includes(host)) {
    return { reason: 'the host is not allowed', allow: port === 443 ? allowLine(host) : '' };
  }
  return port === 443 ? undefined : { reason: 'only port 443 is allowed', allow: '' };
}

async function tunnel(
  context: GatewayContext,
  host: string,
  socket: Socket,
  head: Buffer,
  refuse: (reason: string, allow: string) => void,
): Promise<void> {
  const addresses = await lookup(host, { all: true }).catch(() => []);
  const first = addresses[0];
  if (first === undefined) {
    refuse('the name does not resolve', '');
    return;
  }
  if (!addresses.every(({ address }) => isPublicAddress(address))) {
    refuse('the name resolves to a private address', '');
    return;
  }

  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  const hello = await clientHello(socket, head);
  const named = hello === undefined ? undefined : serverName(hello);
  if (hello === undefined || named?.kind !== 'name' || named.name !== host) {
    context.record({
      target: `${host}:443`,
      reason: `the TLS server name is ${named?.kind === 'name' ? named.name : 'missing'}, not ${host}`,
      allow: '',
    });
    socket.destroy();
    return;
  }
  const upstream = connect({ host: first.address, port: 443 });
  upstream.on('error', () => socket.destroy());
  upstream.write(hello);
  socket.pipe(upstream).pipe(socket);
  socket.resume();
  await new Promise<void>((resolve) => {
    socket.once('close', () => {
      upstream.destroy();
      resolve();
    });
    upstream.once('close', () => socket.destroy());
  });
  context.tell({ type: 'traffic', route: 'connect', target: host, bytes: upstream.bytesRead + upstream.bytesWritten });
}

/** Collects the first record. Resolves undefined when the client says something else, stays silent or leaves. */
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
      else if (bytes.length > MAX_CLIENT_HELLO) finish(undefined);
    };
    const take = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      check();
    };
    const timer = setTimeout(leave, HELLO_TIMEOUT_MS);
    socket.on('data', take).on('close', leave);
    socket.resume();
    check();
  });
}

/** `GET http://host/…`: a plain-HTTP proxy request. There is no host that may be reached without TLS. */
export function refusePlainProxy(
  context: GatewayContext,
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
): void {
  request.resume();
  const host = URL.canParse(target) ? new URL(target).hostname : '';
  const allow = host === '' ? '' : allowLine(host);
  const refusal = context.record(
    {
      target: host === '' ? target.slice(0, 300) : `${host}:80`,
      reason: 'plain HTTP is not let out; use https',
      allow,
    },
    request,
  );
  sendJson(response, 403, { error: { message: `refused by Drydock: ${refusal.target}: ${refusal.reason}`, allow } });
}
