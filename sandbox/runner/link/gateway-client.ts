import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { defined } from '../../../core/defined.ts';
import type { PhaseEvent } from '../../../core/run/phase.ts';
import type { DirectAttempts, GatewayAddress } from '../../boot.ts';

/** Limit for an input, which the runner holds in memory; the install cache is streamed instead. */
const maxInput = 512 * 1024 * 1024;
/**
 * Limit in bytes for the events of each kind; they are telemetry, and a phase drops them beyond this. The gateway admits no
 * more of any kind, and refuses all events of a phase that sends many times as much, also those that end its steps.
 */
const maxEventBytes = 4 * 1024 * 1024;

export interface GatewayClient {
  /** @param accept Media type for the `Accept` header. */
  get(path: string, options?: { accept?: string; signal?: AbortSignal }): Promise<Buffer>;
  /** The content of an input as a stream. */
  stream(path: string): Promise<Readable>;
  put(name: string, body: Uint8Array | Readable): Promise<void>;
  /** Reports what a command tried past the proxy; telemetry. */
  direct(attempts: DirectAttempts): Promise<void>;
  emit(event: PhaseEvent): void;
  /** Resolves when every event so far was delivered or given up. */
  flush(): Promise<void>;
}

/** A client of the gateway with the runner's secret; it connects directly and not through the relay. */
export function gatewayClient(address: GatewayAddress, secret: string): GatewayClient {
  const at = 'path' in address ? { socketPath: address.path } : address;
  let delivery: Promise<void> = Promise.resolve();
  let pending: string[] = [];
  const eventBytes = new Map<PhaseEvent['type'], number>();

  function call(
    method: string,
    path: string,
    body?: Uint8Array | Readable,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        { ...at, method, path, headers: { ...headers, authorization: `Bearer ${secret}` }, ...defined({ signal }) },
        (response) => {
          const status = response.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve(response);
          else {
            response.resume();
            reject(new Error(`the gateway answered ${status} to ${method} ${path}`));
          }
        },
      );
      request.once('error', reject);
      if (body === undefined) request.end();
      else if (body instanceof Uint8Array) request.end(body);
      else pipeline(body, request).catch(reject);
    });
  }

  async function collect(response: AsyncIterable<Buffer>): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response) {
      length += chunk.length;
      if (length > maxInput) throw new Error('the input is too large');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  async function deliver(): Promise<void> {
    const lines = pending;
    pending = [];
    if (lines.length === 0) return;
    const body = Buffer.from(lines.join(''));
    // A connection that was kept open may have been closed meanwhile. The gateway has to know that a step has ended.
    const send = async (): Promise<void> => void (await call('POST', '/events', body)).resume();
    await send()
      .catch(send)
      .catch(() => undefined);
  }

  return {
    get: async (path, { accept, signal } = {}) =>
      collect(await call('GET', path, undefined, defined({ accept }), signal)),
    stream: (path) => call('GET', path),
    put: async (name, body) => {
      await collect(await call('PUT', `/artifacts/${name}`, body));
    },
    direct: (attempts) =>
      call('POST', '/direct', Buffer.from(JSON.stringify(attempts))).then(
        (response) => void response.resume(),
        () => undefined,
      ),
    emit(event) {
      const line = `${JSON.stringify(event)}\n`;
      const bytes = (eventBytes.get(event.type) ?? 0) + Buffer.byteLength(line);
      if (bytes > maxEventBytes && event.type !== 'step') return;
      eventBytes.set(event.type, bytes);
      pending.push(line);
      // One request at a time; events that are emitted meanwhile are sent with the next one.
      if (pending.length === 1) delivery = delivery.then(deliver);
    },
    flush: () => delivery,
  };
}
