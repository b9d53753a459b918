import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Refusal } from '../core/run/phase.ts';
import { authenticator } from './auth.ts';
import type { GatewaySettings } from './config.ts';
import {
  BadRequest,
  type Caller,
  type Exchange,
  type GatewayContext,
  type Route,
  sendBusy,
  sendJson,
  sendRefusal,
  turnAway,
} from './context.ts';
import { connectRoute, type Network, refusePlainProxy, systemNetwork } from './egress/connect.ts';
import { endsTls } from './egress/end-tls.ts';
import { type GatewayLimits, gatewayLimits } from './limits.ts';
import type { GatewayMessage } from './messages.ts';
import { onlyPeer, type Peer } from './peer.ts';
import { Inbox } from './phase/inbox.ts';
import { clipped, limitMessages } from './phase/message-limits.ts';
import { Pool } from './pool.ts';
import type { Archives } from './registry/archives.ts';
import { type Allowance, createMirrors, registryRoute } from './registry/registry.ts';
import { acceptRelayed } from './relayed.ts';
import { artifactsRoute } from './routes/artifacts.ts';
import { bootRoute } from './routes/boot.ts';
import { directRoute } from './routes/direct.ts';
import { egressRoute } from './routes/egress.ts';
import { eventsRoute } from './routes/events.ts';
import { gitRoute } from './routes/git.ts';
import { noModelRoute } from './routes/model/no-model.ts';
import { noMcpRoute } from './routes/no-mcp.ts';
import { inputsRoute, phaseRoute } from './routes/phase.ts';
import { remarksRoute } from './routes/remarks.ts';
import { ruledHosts } from './rules/hosts.ts';
import { ruleRoute } from './rules/route.ts';

/** Header in which the relay sends the command line of the requesting process, if it is known. */
const commandHeader = 'drydock-command';

interface Mount {
  readonly prefix: string;
  readonly callers: readonly Caller[];
  readonly route: Route;
  /** Whether it keeps places of its own, because its answers last. */
  readonly ownPlaces?: true;
}

/** The requesting command, according to the relay. A client could forge it, so it is only shown to people. */
function askingCommand(request: IncomingMessage | undefined): string | undefined {
  const header = request?.headers[commandHeader];
  if (typeof header !== 'string') return undefined;
  try {
    return decodeURIComponent(header);
  } catch {
    return undefined;
  }
}

/** Answers to what Node's parser refuses, by its codes; as Node itself answers. */
const statuses: Record<string, string> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** For a request whose target is no path, and holds no secret. */
const anyUrl = new URL('http://gateway/');

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** Creates the gateway of one phase; the caller makes it listen. */
export async function createGateway(
  config: GatewaySettings,
  tell: (message: GatewayMessage) => void,
  network: Network = systemNetwork,
  archives?: Archives,
  limits: GatewayLimits = gatewayLimits,
  inbox = new Inbox(),
): Promise<Server> {
  const messages = limitMessages(tell);
  inbox.leaveOut(config.spec.remarks ?? []);
  /** Connections whose TLS the gateway ended: host, and the request for the tunnel. */
  const ended = new WeakMap<Duplex, { host: string; tunnel: IncomingMessage }>();
  const context: GatewayContext = {
    config,
    limits,
    currentStep: 'start',
    openSteps: new Set(),
    failed: undefined,
    tell(message) {
      if (message.type === 'failure') context.failed ??= message.name;
      messages.tell(message);
    },
    record(refusal, request) {
      const asking = (request && ended.get(request.socket)?.tunnel) ?? request;
      const command = askingCommand(asking) ?? context.currentStep;
      const full: Refusal = clipped({ ...refusal, command, at: new Date().toISOString() });
      messages.tell({ type: 'refusal', refusal: full });
      return full;
    },
    refuse(exchange, status, refusal) {
      const { target, reason } = refusal;
      if (exchange.caller === 'nobody') turnAway(exchange, status, `refused by Drydock: ${target}: ${reason}`);
      else sendRefusal(exchange.response, status, context.record(refusal, exchange.request));
    },
    onEvent(event) {
      if (event.type === 'step' && event.status === 'started') {
        context.currentStep = event.name;
        context.openSteps.add(event.name);
      } else if (event.type === 'step') context.openSteps.delete(event.name);
      messages.tell({ type: 'event', event });
    },
  };

  const { model, mcp = [] } = config;
  // Loaded only if the phase has a model: prices and usage formats take most of the start time.
  const modelRoute =
    model === undefined ? noModelRoute(context) : (await import('./routes/model/model.ts')).modelRoute(context, model);
  const mcpRoute = mcp.length === 0 ? noMcpRoute(context) : (await import('./mcp/route.ts')).mcpRoute(context, mcp);
  const allowance: Allowance = { left: config.caps.registryBytes };
  const mirrors = createMirrors(context, network, allowance, archives);
  const hosts = ruledHosts(config);
  const authority = once(async () => (await import('./authority/authority.ts')).createAuthority());
  const forward = once(async () => (await import('./rules/forward.ts')).createForward(context, network, allowance));
  const answerRuled = ruleRoute(context, hosts, mirrors, forward);
  // Where the sandbox comes with a ticket, others are in its network; a socket in the file system has one user.
  let peer: Peer | undefined;
  /** Connections of strangers that have their answer; what else comes on them is not read. */
  const turnedAway = new WeakSet<Socket>();
  const booted = (socket: Socket): void => {
    turnedAway.delete(socket);
    peer?.pin(socket);
  };
  const boot = config.ticket === undefined ? undefined : bootRoute(context, config.ticket, booted);
  const mounts: Mount[] = [
    ...(boot === undefined ? [] : [{ prefix: '/boot', callers: ['nobody'] as const, route: boot }]),
    { prefix: '/phase', callers: ['runner'], route: phaseRoute(context) },
    { prefix: '/inputs/', callers: ['runner'], route: inputsRoute(context) },
    { prefix: '/git/', callers: ['runner'], route: gitRoute(context) },
    { prefix: '/artifacts/', callers: ['runner'], route: artifactsRoute(context) },
    { prefix: '/egress', callers: ['runner'], route: egressRoute(context, authority) },
    { prefix: '/direct', callers: ['runner'], route: directRoute(context) },
    { prefix: '/events', callers: ['runner'], route: eventsRoute(context) },
    { prefix: '/remarks', callers: ['runner'], route: remarksRoute(context, inbox), ownPlaces: true },
    { prefix: '/registry/', callers: ['runner', 'agent'], route: registryRoute(mirrors) },
    { prefix: '/model/', callers: ['agent'], route: modelRoute },
    { prefix: '/mcp/', callers: ['agent'], route: mcpRoute, ownPlaces: true },
  ];
  const callerByHeader = authenticator(config.secrets);

  // One for each, so that an agent cannot keep the runner from storing its result.
  const places = {
    agent: new Pool(limits.atOnce, limits.waiting),
    runner: new Pool(limits.atOnce, limits.waiting),
  };

  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: Math.min(limits.headersMs, 5_000),
    },
    (request, response) => {
      void answer(request, response);
    },
  );
  const accept = server.listeners('connection') as ((this: Server, socket: Duplex) => void)[];
  const isRelayed = acceptRelayed(server, config.secrets.agent, limits.headersMs);
  if (config.ticket === undefined) server.maxConnections = limits.connections;
  else peer = onlyPeer(server, limits);
  const callerOf = (request: IncomingMessage, url: URL): Caller => {
    const caller = callerByHeader(request, url);
    return caller === 'nobody' && isRelayed(request.socket) ? 'agent' : caller;
  };
  // The requests of such a connection are read by the parser, and within the limits, of all others.
  const endTls = endsTls(context, authority, (connection, host, tunnel) => {
    ended.set(connection, { host, tunnel });
    for (const listener of accept) listener.call(server, connection);
  });
  const tunnels = new Set<Socket>();
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (ended.has(request.socket)) {
      context.record({ target: (request.url ?? '').slice(0, 300), reason: 'a tunnel in a tunnel', allow: '' }, request);
      socket.destroy();
      return;
    }
    if (peer?.known === false) {
      socket.destroy();
      return;
    }
    if (tunnels.size >= limits.tunnels) {
      socket.on('error', () => socket.destroy());
      socket.end('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\r\n');
      return;
    }
    tunnels.add(socket);
    socket.once('close', () => tunnels.delete(socket));
    const caller = callerOf(request, anyUrl);
    connectRoute({ context, network, hosts, endTls }, { request, socket, head, caller });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const own = ended.get(socket);
    if (own !== undefined && error.code?.startsWith('HPE_')) {
      const reason = `not one request of HTTP/1.1: ${error.message}`;
      context.record({ target: `${own.host}:443`, reason, allow: '' }, own.tunnel);
    }
    const status = statuses[error.code ?? ''] ?? '400 Bad Request';
    if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    else socket.destroy();
  });
  // Node leaves tunnels open, and a server with an open connection does not close.
  const closeRequests = server.closeAllConnections.bind(server);
  server.closeAllConnections = () => {
    closeRequests();
    for (const socket of tunnels) socket.destroy();
  };
  server.once('close', messages.finish);
  return server;

  async function answerEnded(request: IncomingMessage, response: ServerResponse, host: string): Promise<void> {
    const left = new AbortController();
    response.once('close', () => left.abort());
    const url = new URL(`https://${host}/`);
    const exchange: Exchange = { request, response, url, rest: '', caller: 'agent', gone: left.signal };
    await inPlace(exchange, places.agent, () => answerRuled(exchange, host));
  }

  async function inPlace(exchange: Exchange, pool: Pool, work: () => Promise<void> | void): Promise<void> {
    const done = await pool.take(1, exchange.gone);
    if (done === undefined) {
      exchange.request.resume();
      sendBusy(exchange.response);
      return;
    }
    try {
      await work();
    } finally {
      done();
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (turnedAway.has(request.socket)) return;
      const target = request.url ?? '/';
      if (peer?.known === false) turnedAway.add(request.socket);
      if (peer?.known === false && target !== '/boot') {
        turnAway({ request, response }, 404, 'the gateway waits for its sandbox');
        return;
      }
      const ruled = ended.get(request.socket);
      if (ruled !== undefined) {
        await answerEnded(request, response, ruled.host);
        return;
      }
      if (!target.startsWith('/')) {
        refusePlainProxy(context, { request, response, caller: callerOf(request, anyUrl) }, target);
        return;
      }
      const url = new URL(target, 'http://gateway');
      const mount = mounts.find((m) =>
        m.prefix.endsWith('/') ? url.pathname.startsWith(m.prefix) : url.pathname === m.prefix,
      );
      const caller = callerOf(request, url);
      const left = new AbortController();
      response.once('close', () => left.abort());
      const exchange: Exchange = {
        request,
        response,
        url,
        rest: url.pathname.slice(mount?.prefix.length ?? 0),
        caller,
        gone: left.signal,
      };
      if (mount === undefined) {
        sendJson(response, 404, { error: { message: 'the gateway has no route for this path' } });
      } else if (!mount.callers.includes(caller)) {
        request.resume();
        const what = mount.prefix === '/artifacts/' ? exchange.rest : url.pathname;
        context.refuse(exchange, 403, {
          target: what,
          reason: `${request.method} without the secret of the ${mount.callers[0]}`,
          allow: '',
        });
      } else if (mount.ownPlaces) {
        await mount.route(exchange);
      } else {
        await inPlace(exchange, caller === 'agent' ? places.agent : places.runner, () => mount.route(exchange));
      }
    } catch (error) {
      const status = error instanceof BadRequest ? error.status : 502;
      const message = error instanceof BadRequest ? error.message : 'the gateway could not answer';
      if (response.headersSent) response.destroy();
      else {
        // The rest of a body that was refused is not read.
        if (!request.complete) response.setHeader('connection', 'close');
        sendJson(response, status, { error: { message } });
      }
      if (!(error instanceof BadRequest))
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}
