import type { IncomingMessage, ServerResponse } from 'node:http';
import { defined } from '../core/defined.ts';
import type { PhaseEvent, Refusal } from '../core/run/phase.ts';
import type { GatewaySettings } from './config.ts';
import type { GatewayLimits } from './limits.ts';
import type { GatewayMessage } from './messages.ts';

/** The sender of a request, identified by the secret in it. */
export type Caller = 'runner' | 'agent' | 'nobody';

/** State that all routes share: configuration, refusals, and messages to the launcher. */
export interface GatewayContext {
  readonly config: GatewaySettings;
  readonly limits: GatewayLimits;
  /** Label of the current step, as last reported by the runner. */
  currentStep: string;
  /** Steps that the runner reported as started and not as ended. */
  readonly openSteps: Set<string>;
  /** The first failure that was told, with which the phase ends. */
  failed: string | undefined;
  /** Sends a message to the launcher. */
  tell(message: GatewayMessage): void;
  /** Sends a refusal as the response, and records it unless the caller is nobody. */
  refuse(exchange: Answered, status: number, refusal: Omit<Refusal, 'at' | 'command' | 'count'>): void;
  /** Records a refusal that has no HTTP response. */
  record(refusal: Omit<Refusal, 'at' | 'command' | 'count'>, request?: IncomingMessage): Refusal;
  onEvent(event: PhaseEvent): void;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** Path after the route's prefix, still percent-encoded. */
  readonly rest: string;
  readonly caller: Caller;
  /** Aborted when the client has gone, or has its answer. */
  readonly gone: AbortSignal;
}

/** What an answer needs of an exchange. */
export type Answered = Pick<Exchange, 'request' | 'response' | 'caller'>;

export type Route = (exchange: Exchange) => Promise<void> | void;

/** An invalid request; the message is sent back. */
export class BadRequest extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Length of a body according to its header; `undefined` if it is sent in chunks. Node reads no more than that. */
export function announcedBytes(request: IncomingMessage): number | undefined {
  const header = request.headers['content-length'];
  return header === undefined ? undefined : Number(header);
}

/**
 * Reads a body of at most `max` bytes. A connection without a byte for `idleMs` is closed.
 * @throws BadRequest 413 if it is longer, before anything is read where its length is announced.
 */
export async function readBody(request: IncomingMessage, max: number, idleMs: number): Promise<Buffer> {
  const tooLong = new BadRequest(413, `body over ${max} bytes`);
  if ((announcedBytes(request) ?? 0) > max) throw tooLong;
  const chunks: Buffer[] = [];
  let length = 0;
  const { socket } = request;
  socket.setTimeout(idleMs);
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > max) throw tooLong;
      chunks.push(chunk);
    }
  } finally {
    socket.setTimeout(0);
  }
  return Buffer.concat(chunks);
}

/** Answers that the gateway has no place for a request now. */
export function sendBusy(response: ServerResponse): void {
  response.setHeader('retry-after', '1');
  sendJson(response, 503, { error: { message: 'too many requests at a time; ask again' } });
}

/**
 * Answers somebody who showed no secret, and closes the connection: nothing that he says is kept, and the rest of his
 * body is not read.
 */
export function turnAway({ request, response }: Omit<Answered, 'caller'>, status: number, message: string): void {
  response.setHeader('connection', 'close');
  response.once('finish', () => request.socket.destroySoon());
  sendJson(response, status, { error: { message } });
}

/** Answers with a refusal: what was refused, why, and the lines that would allow it. */
export function sendRefusal(response: ServerResponse, status: number, refusal: Refusal): void {
  const { target, reason, allow, allowInSpec } = refusal;
  const message = `refused by Drydock: ${target}: ${reason}`;
  sendJson(response, status, { error: { message, allow, ...defined({ allowInSpec }) } });
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
