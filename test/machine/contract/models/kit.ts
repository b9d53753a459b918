/** A gateway on a socket, and a model provider that answers as a test says. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EventStreamCodec } from '@smithy/core/event-streams';
import type { GatewayConfig } from '../../../../gateway/config.ts';
import { systemNetwork } from '../../../../gateway/egress/connect.ts';
import { type GatewayLimits, gatewayLimits } from '../../../../gateway/limits.ts';
import type { GatewayMessage } from '../../../../gateway/messages.ts';
import { readMeter } from '../../../../gateway/meter/meter.ts';
import { createGateway } from '../../../../gateway/server.ts';
import { configOf, secrets } from '../../../unit/gateway/fixture.ts';

type Model = NonNullable<GatewayConfig['model']>;

export interface Asked {
  method: string;
  path: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}
export type Answering = (asked: Asked, response: http.ServerResponse, request: http.IncomingMessage) => void;

/** A server of a provider. */
interface Vendor {
  url: string;
  asked: Asked[];
  answer: Answering;
  /** Nobody listens at its address any more. */
  stop(): void;
}

export interface Kit {
  vendor(answer: Answering): Promise<Vendor>;
  /** Starts a gateway for a model. @returns functions that ask it, and what it has told and metered. */
  gateway(model: Partial<Model> & Pick<Model, 'provider'>, limits?: Partial<GatewayLimits>): Promise<Gateway>;
  close(): void;
}

export interface Gateway {
  post(target: string, body: unknown, options?: PostOptions): Promise<Answer>;
  told: GatewayMessage[];
  calls(): ReturnType<typeof readMeter>;
}
interface PostOptions {
  signal?: AbortSignal;
  headers?: Record<string, string>;
  /** Hangs up at the first piece of the answer. */
  leavesMidway?: boolean;
}
interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
  /** Whether the answer was cut off before its end. */
  cut: boolean;
}

export function createKit(): Kit {
  const folders: string[] = [];
  const servers: http.Server[] = [];
  return {
    async vendor(answer) {
      const server = http.createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const body = Buffer.concat(chunks).toString();
          const asked = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
          vendor.asked.push(asked);
          vendor.answer(asked, response, request);
        });
      });
      const vendor: Vendor = { url: '', asked: [], answer, stop: () => server.close() };
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      servers.push(server);
      vendor.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      return vendor;
    },
    async gateway(model, limits = {}) {
      const folder = mkdtempSync(path.join(tmpdir(), 'gw-'));
      folders.push(folder);
      const config = configOf(folder, {
        model: { allow: ['*/*'], mode: 'live', budgetMicros: 1_000_000_000, ...model },
      });
      const told: GatewayMessage[] = [];
      const server = await createGateway(config, (message) => told.push(message), systemNetwork, undefined, {
        ...gatewayLimits,
        ...limits,
      });
      server.listen(config.socket);
      await once(server, 'listening');
      servers.push(server);
      return {
        told,
        calls: () => readMeter(config.meterFile),
        post: (target, body, options) => post(config.socket, target, body, options),
      };
    },
    close() {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
      for (const folder of folders) rmSync(folder, { recursive: true });
    },
  };
}

function post(
  socketPath: string,
  target: string,
  body: unknown,
  { signal, headers: more = {}, leavesMidway = false }: PostOptions = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${secrets.agent}`, 'content-type': 'application/json', ...more };
    const options = { socketPath, method: 'POST', path: target, headers, ...(signal ? { signal } : {}) };
    const request = http.request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (leavesMidway) response.destroy();
      });
      const end = (cut: boolean): void =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
          cut,
        });
      response.on('end', () => end(false));
      response.on('error', () => end(true));
      response.on('close', () => end(true));
    });
    request.on('error', reject);
    request.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
}

/** Answers with a JSON document. */
export const json =
  (value: unknown, status = 200): Answering =>
  (_asked, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

/** Answers with server-sent events. */
export const events =
  (...values: unknown[]): Answering =>
  (_asked, response) =>
    response
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .end(values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join(''));

const frames = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString(),
  (text) => Buffer.from(text),
);
/** One of Amazon’s event frames. */
export const frame = (type: string, body: unknown): Uint8Array =>
  frames.encode({
    headers: { ':event-type': { type: 'string', value: type }, ':message-type': { type: 'string', value: 'event' } },
    body: Buffer.from(JSON.stringify(body)),
  });
/** Answers with Amazon's event frames. */
export const framed =
  (...bodies: [string, unknown][]): Answering =>
  (_asked, response) => {
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
    const bytes = Buffer.concat(bodies.map(([type, body]) => frame(type, body)));
    // Cut in the middle of a frame, as networks do.
    response.write(bytes.subarray(0, 37));
    response.end(bytes.subarray(37));
  };
