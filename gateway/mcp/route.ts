import { errorCodes, type McpMessage, parseMessage } from '../../core/mcp/message.ts';
import {
  BadRequest,
  type Exchange,
  type GatewayContext,
  type Route,
  readBody,
  sendBusy,
  sendJson,
} from '../context.ts';
import { type AllowLines, allowServer } from '../egress/allow.ts';
import { Pool } from '../pool.ts';
import { isStream, type Passing, passDocument, passStream } from './pass.ts';
import { begin, type McpSettings, serve, type Talk, talkOf } from './served.ts';
import { Unusable } from './upstream.ts';

/**
 * `/mcp/<server>`: the Streamable HTTP transport of MCP. The gateway reads each message, lets those pass that have to do
 * with allowed tools, and puts the credential in.
 */
export function mcpRoute(context: GatewayContext, servers: readonly McpSettings[]): Route {
  const served = new Map(servers.map((server) => [server.name, serve(context, server)]));
  const { limits } = context;
  const places = new Pool(limits.atOnce, limits.waiting);
  let requests = 0;
  let streams = 0;
  /** Answers to requests of servers that are under way. */
  let replies = 0;

  return async (exchange) => {
    const { request, response, rest } = exchange;
    const refuse = (status: number, reason: string, lines: AllowLines = { allow: '' }): void => {
      request.resume();
      context.refuse(exchange, status, { target: `mcp ${rest.slice(0, 100)}`, reason, ...lines });
    };
    const server = served.get(rest);
    if (server === undefined) return refuse(403, 'the phase has no such MCP server', allowServer(rest));
    if (context.failed !== undefined) return refuse(402, `the phase has ended: ${context.failed}`);
    if (!context.openSteps.has('agent')) return refuse(403, 'MCP servers are for the agent, while it works');
    requests += 1;
    if (requests > limits.mcpRequests)
      return refuse(403, 'the limit for requests to MCP servers of a phase is reached');
    const talk = talkOf(server, exchange);
    if ('status' in talk) return refuse(talk.status, talk.reason);
    switch (request.method) {
      case 'GET':
        // A stream stays open while the agent works, so that it takes no place of a call.
        if (streams >= limits.mcpStreams) return sendJson(response, 405, unread('too many streams'));
        streams += 1;
        return listen(exchange, talk).finally(() => {
          streams -= 1;
        });
      case 'POST':
      case 'DELETE': {
        const done = await places.take(1, exchange.gone);
        if (done === undefined) {
          request.resume();
          return sendBusy(response);
        }
        return (request.method === 'POST' ? post(exchange, talk) : end(exchange, talk)).finally(() => done());
      }
      default:
        response.setHeader('allow', 'GET, POST, DELETE');
        return refuse(405, 'the method is not one of MCP');
    }
  };

  async function post(exchange: Exchange, talk: Talk): Promise<void> {
    const { request, response } = exchange;
    const { server, session, headers } = talk;
    if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? ''))
      throw new BadRequest(415, 'the body is not application/json');
    const parsed = parseMessage(await readBody(request, limits.mcpMessageBytes, limits.idleMs));
    if ('invalid' in parsed) {
      server.report.refused('a message of the agent', parsed.invalid);
      return sendJson(response, 400, unread(`the body is invalid: ${parsed.invalid}`));
    }
    const { forward, answers, batch, invalid } = session.fromClient(parsed.value);
    if (invalid !== undefined) return sendJson(response, 400, unread(invalid));
    if (answers.length > 0) return sendJson(response, 200, batch ? answers : answers[0]);
    // What the agent sent was refused, or nobody needs it.
    if (forward.length === 0) return void response.writeHead(202).end();
    const ids = forward.flatMap((message) => ('method' in message && 'id' in message ? [message.id] : []));
    const told = traffic();
    const signal = AbortSignal.any([exchange.gone, AbortSignal.timeout(limits.mcpCallMs)]);
    const answer = await server.upstream
      .ask({ method: 'POST', body: JSON.stringify(batch ? forward : forward[0]), headers, signal })
      .catch((error: unknown) => unusable(error));
    try {
      if (typeof answer === 'string') throw new Unusable(answer);
      if (!answer.ok) {
        if (answer.status === 404 && forget(talk)) {
          for (const id of ids) session.abandon(id, 'the session has ended');
          return sendJson(response, 404, unread('the session has ended'));
        }
        throw new Unusable(whyFailed(answer.status));
      }
      if (ids.length === 0) return void response.writeHead(202).end();
      const id = forward.some(isInitialize) ? begin(talk, answer) : headers['mcp-session-id'];
      if (id !== undefined) response.setHeader('mcp-session-id', id);
      const passing = passingOf(exchange, talk, id, told.count);
      if (!isStream(answer)) return await passDocument(passing, answer, ids, batch);
      const fault = await passStream(passing, answer, ids);
      if (fault !== undefined && !exchange.gone.aborted) server.report.refused(nameOf(forward), fault);
    } catch (error) {
      const reason = unusable(error);
      const left = ids.flatMap((id) => session.abandon(id, reason) ?? []);
      if (exchange.gone.aborted) return;
      server.report.refused(nameOf(forward), reason);
      sendJson(response, left.length > 0 ? 200 : 502, (batch ? left : left[0]) ?? unread(reason));
    } finally {
      const status = typeof answer === 'string' ? 0 : answer.status;
      if (typeof answer !== 'string') await answer.body?.cancel().catch(() => undefined);
      told.end(`${server.name} ${nameOf(forward)}`, status);
    }
  }

  /** The stream of messages that nobody asked for. */
  async function listen(exchange: Exchange, talk: Talk): Promise<void> {
    const { response, gone } = exchange;
    const answer = await talk.server.upstream
      .ask({ method: 'GET', headers: talk.headers, signal: gone })
      .catch((error: unknown) => unusable(error));
    if (gone.aborted) return;
    if (typeof answer === 'string') return sendJson(response, 502, unread(answer));
    if (answer.ok && isStream(answer)) {
      await passStream(
        passingOf(exchange, talk, talk.headers['mcp-session-id'], () => undefined),
        answer,
        undefined,
      );
      return;
    }
    await answer.body?.cancel().catch(() => undefined);
    // That a server has no such stream is usual, and clients expect it.
    if (answer.status === 404 && forget(talk)) sendJson(response, 404, unread('the session has ended'));
    else sendJson(response, 405, unread('the server has no such stream'));
  }

  /** The end of a session, as the agent wishes. */
  async function end({ request, response, gone }: Exchange, talk: Talk): Promise<void> {
    request.resume();
    if (!forget(talk)) return sendJson(response, 400, unread('a session is ended by its id'));
    const signal = AbortSignal.any([gone, AbortSignal.timeout(limits.mcpCallMs)]);
    const answer = await talk.server.upstream
      .ask({ method: 'DELETE', headers: talk.headers, signal })
      .catch((error: unknown) => unusable(error));
    if (typeof answer !== 'string') await answer.body?.cancel().catch(() => undefined);
    sendJson(response, typeof answer === 'string' || answer.ok ? 200 : answer.status, {});
  }

  function passingOf(
    { response }: Exchange,
    { server, session, headers }: Talk,
    sessionId: string | undefined,
    onBytes: (bytes: number) => void,
  ): Passing {
    const { 'last-event-id': _none, ...others } = headers;
    const own = { ...others, ...(sessionId === undefined ? {} : { 'mcp-session-id': sessionId }) };
    const reply: Passing['reply'] = (answers) => {
      for (const answer of answers) {
        // A server that asks faster than it takes answers gets no more of them.
        if (replies >= limits.atOnce) return;
        replies += 1;
        server.upstream
          .ask({
            method: 'POST',
            body: JSON.stringify(answer),
            headers: own,
            signal: AbortSignal.timeout(limits.idleMs),
          })
          .then((given) => given.body?.cancel())
          .catch(() => undefined)
          .finally(() => {
            replies -= 1;
          });
      }
    };
    return { response, limits, session, onBytes, hidden: server.upstream.hidden, reply };
  }

  function traffic() {
    let bytes = 0;
    return {
      count(more: number): void {
        bytes += more;
      },
      end: (target: string, status: number): void =>
        context.tell({ type: 'traffic', route: 'mcp', target, status, bytes }),
    };
  }
}

/** Why a server cannot be used. @throws what is a fault of the gateway. */
function unusable(error: unknown): string {
  if (error instanceof Unusable) return error.message;
  throw error;
}

/** An agent that is told 401 looks for a login, and there is none for it. */
const whyFailed = (status: number): string =>
  status === 401 || status === 403
    ? `the server refuses the credential of the policy, or has none (${status})`
    : `the server answered ${status}`;

/** Ends a session. @returns whether there was one. */
const forget = ({ server, headers: { 'mcp-session-id': id } }: Talk): boolean =>
  id !== undefined && server.sessions.delete(id);

const isInitialize = (message: McpMessage): boolean => 'method' in message && message.method === 'initialize';
const nameOf = (messages: readonly McpMessage[]): string =>
  [...new Set(messages.map((message) => ('method' in message ? message.method : 'an answer')))].join(', ');

/** An answer without an id, where nothing of a request could be read. */
const unread = (message: string) => ({
  jsonrpc: '2.0',
  id: null,
  error: { code: errorCodes.internal, message: `refused by Drydock: ${message}` },
});
