import { type AllowedServer, allowedServer, type McpReport } from '../../core/mcp/allowed.ts';
import { mcpReport } from '../../core/mcp/report.ts';
import { McpSession } from '../../core/mcp/session.ts';
import type { GatewaySettings } from '../config.ts';
import type { Exchange, GatewayContext } from '../context.ts';
import { withoutSecrets } from '../credential.ts';
import { allowTool } from '../egress/allow.ts';
import { plainText } from './event-stream.ts';
import { type McpUpstream, mcpUpstream, Unusable } from './upstream.ts';

export type McpSettings = NonNullable<GatewaySettings['mcp']>[number];

/** Sessions of one server that are known. */
const maxSessions = 64;

/** A server of the phase. */
export interface Served {
  name: string;
  allowed: AllowedServer;
  upstream: McpUpstream;
  report: McpReport;
  /** By the id that the server gave. */
  sessions: Map<string, McpSession>;
}

export function serve(context: GatewayContext, settings: McpSettings): Served {
  const { name, tools } = settings;
  const upstream = mcpUpstream(settings);
  const clean = (text: string): string =>
    withoutSecrets(text.replaceAll(context.config.secrets.agent, '[redacted]'), upstream.hidden);
  const report = mcpReport({
    server: name,
    emit: (event) => context.tell({ type: 'event', event }),
    redact: clean,
    refused: (what, reason, tool) =>
      void context.record({
        target: clean(`mcp ${name}: ${what}`),
        reason: clean(reason),
        ...(tool === undefined || tools.includes(tool) ? { allow: '' } : allowTool(name, tool)),
      }),
    now: () => performance.now(),
  });
  return { name, allowed: allowedServer(name, tools), upstream, report, sessions: new Map() };
}

/** What an agent and a server say to each other in one request. */
export interface Talk {
  server: Served;
  session: McpSession;
  /** Those of MCP that pass. */
  headers: Record<string, string>;
}

/** The session of a request; a status and a reason for a request that belongs to none. */
export function talkOf(server: Served, { request }: Exchange): Talk | { status: number; reason: string } {
  const headers: Record<string, string> = {};
  for (const [name, form] of [
    ['mcp-session-id', plainText],
    ['mcp-protocol-version', /^\d{4}-\d{2}-\d{2}$/],
    ['last-event-id', plainText],
  ] as const) {
    const value = request.headers[name];
    if (value === undefined) continue;
    if (typeof value !== 'string' || !form.test(value)) return { status: 400, reason: `the header ${name} is invalid` };
    headers[name] = value;
  }
  const id = headers['mcp-session-id'];
  if (id === undefined) return { server, session: new McpSession(server.allowed, server.report), headers };
  const session = server.sessions.get(id);
  // As a server answers for a session that has ended: the client begins a new one.
  return session === undefined
    ? { status: 404, reason: 'the server gave no such session' }
    : { server, session, headers };
}

/** Keeps the session that a server begins. @returns its id, for the agent. @throws Unusable */
export function begin({ server, session }: Talk, answer: Response): string | undefined {
  const id = answer.headers.get('mcp-session-id');
  if (id === null) return undefined;
  if (!plainText.test(id) || withoutSecrets(id, server.upstream.hidden) !== id)
    throw new Unusable('the server gave an invalid id of a session');
  if (server.sessions.has(id)) throw new Unusable('the server gave the id of another session');
  if (server.sessions.size >= maxSessions) throw new Unusable(`the server began more than ${maxSessions} sessions`);
  server.sessions.set(id, session);
  return id;
}
