/** A gateway that serves MCP servers, and servers that answer as a test says. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { GatewaySettings } from '../../../../gateway/config.ts';
import { systemNetwork } from '../../../../gateway/egress/connect.ts';
import { type GatewayLimits, gatewayLimits } from '../../../../gateway/limits.ts';
import type { GatewayMessage } from '../../../../gateway/messages.ts';
import { createGateway } from '../../../../gateway/server.ts';
import { configOf, secrets } from '../../../unit/gateway/fixture.ts';

type Server = NonNullable<GatewaySettings['mcp']>[number];

interface Asked {
  method: string;
  headers: http.IncomingHttpHeaders;
  /** The message, if there is one. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read fields of it
  message: any;
}
export type Answering = (asked: Asked, response: http.ServerResponse, request: http.IncomingMessage) => void;

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read fields of it
  json: any;
}

export interface McpGateway {
  url: string;
  told: GatewayMessage[];
  /** Asks a server of the gateway with the secret of the agent. */
  ask(name: string, message: unknown, more?: { method?: string; headers?: Record<string, string> }): Promise<Answer>;
  /** A client of the official SDK. */
  client(name: string): Promise<Client>;
  refusals(): string[];
  calls(): Extract<GatewayMessage, { type: 'event' }>['event'][];
  event(event: object): Promise<void>;
}

export function createKit() {
  const closing: (() => unknown)[] = [];
  return {
    /** A server whose answers a test writes. */
    async server(answer: Answering): Promise<{ url: string; asked: Asked[]; answer: Answering }> {
      const server = http.createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const message = text === '' ? undefined : JSON.parse(text);
          const asked = { method: request.method ?? '', headers: request.headers, message };
          made.asked.push(asked);
          made.answer(asked, response, request);
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const made = {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
        asked: [] as Asked[],
        answer,
      };
      closing.push(() => {
        server.closeAllConnections();
        server.close();
      });
      return made;
    },

    async gateway(
      mcp: Server[],
      limits: Partial<GatewayLimits> = {},
      agentWorks = true,
      more: Partial<GatewaySettings> = {},
    ): Promise<McpGateway> {
      const folder = mkdtempSync(path.join(tmpdir(), 'mcp-'));
      const told: GatewayMessage[] = [];
      const config = configOf(folder, { mcp, ...more });
      const all = { ...gatewayLimits, ...limits };
      const server = await createGateway(config, (message) => told.push(message), systemNetwork, undefined, all);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      closing.push(() => {
        server.closeAllConnections();
        server.close();
        rmSync(folder, { recursive: true });
      });
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const authorization = `Bearer ${secrets.agent}`;
      const event = async (value: object): Promise<void> => {
        const headers = { authorization: `Bearer ${secrets.runner}` };
        await fetch(`${url}/events`, { method: 'POST', headers, body: `${JSON.stringify(value)}\n` });
      };
      if (agentWorks) await event({ type: 'step', name: 'agent', status: 'started' });
      return {
        url,
        told,
        event,
        async ask(name, message, { method = 'POST', headers = {} } = {}) {
          const accept = 'application/json, text/event-stream';
          const all = { authorization, accept, 'content-type': 'application/json', ...headers };
          const body = typeof message === 'string' ? message : JSON.stringify(message);
          const answer = await fetch(`${url}/mcp/${name}`, {
            method,
            headers: all,
            ...(method === 'POST' ? { body } : {}),
          });
          const text = await answer.text();
          return { status: answer.status, headers: answer.headers, text, json: jsonIn(text) };
        },
        async client(name) {
          const client = new Client({ name: 'test', version: '1' });
          const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp/${name}`), {
            requestInit: { headers: { authorization } },
          });
          await client.connect(transport as Transport);
          closing.push(() => client.close());
          return client;
        },
        refusals: () =>
          told.flatMap((message) =>
            message.type === 'refusal' ? [`${message.refusal.target}: ${message.refusal.reason}`] : [],
          ),
        calls: () =>
          told.flatMap((message) => (message.type === 'event' && message.event.type === 'tool' ? [message.event] : [])),
      };
    },

    /** The reference server of the protocol, over HTTP. */
    async everything(): Promise<string> {
      const port = await freePort();
      const child = spawn(process.execPath, [everythingProgram, 'streamableHttp'], {
        env: { ...process.env, PORT: String(port) },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      closing.push(() => child.kill('SIGKILL'));
      let log = '';
      await new Promise<void>((resolve, reject) => {
        child.stderr.on('data', (chunk: Buffer) => {
          log += chunk.toString();
          if (log.includes(String(port))) resolve();
        });
        child.once('exit', () => reject(new Error(log)));
      });
      return `http://127.0.0.1:${port}/mcp`;
    },

    async close(): Promise<void> {
      for (const close of closing.splice(0).reverse()) await close();
    },
  };
}

const { resolve } = createRequire(import.meta.url);
/** Programs of the reference servers. */
const everythingProgram = resolve('@modelcontextprotocol/server-everything/dist/index.js');

async function freePort(): Promise<number> {
  const server = http.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The JSON of an answer, or of the last event of a stream. */
function jsonIn(text: string): unknown {
  const data = text.split('\n').findLast((line) => line.startsWith('data: {') || line.startsWith('data: ['));
  try {
    return JSON.parse(data === undefined ? text : data.slice(6));
  } catch {
    return undefined;
  }
}

export const request = (id: unknown, method: string, params: object = {}) => ({ jsonrpc: '2.0', id, method, params });
export const initialize = (protocolVersion = '2025-06-18') =>
  request(0, 'initialize', {
    protocolVersion,
    capabilities: { sampling: {}, roots: {} },
    clientInfo: { name: 't', version: '1' },
  });
export const list = (id: unknown = 1) => request(id, 'tools/list');
export const call = (name: string, id: unknown = 2, input: object = {}) =>
  request(id, 'tools/call', { name, arguments: input });

/** Answers with one document. */
export const document =
  (value: unknown, status = 200, headers: Record<string, string> = {}): Answering =>
  (_asked, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));

/** Answers with a stream of this text. */
export const stream =
  (text: string | Buffer): Answering =>
  (_asked, response) =>
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);

/** Answers a request with this result. */
export const result =
  (value: unknown): Answering =>
  (asked, response, request) =>
    document({ jsonrpc: '2.0', id: asked.message?.id, result: value })(asked, response, request);
