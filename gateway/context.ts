import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PhaseEvent, Refusal } from '../core/run/phase.ts';
import type { GatewayMessage, GatewaySettings } from './config.ts';

/** The sender of a request, identified by the secret in it. */
export type Caller = 'runner' | 'agent' | 'nobody';

/** State that all routes share: configuration, refusals, and messages to the launcher. */
export interface GatewayContext {
  readonly config: GatewaySettings;
  /** Label of the current step, as last reported by the runner. */
  currentStep: string;
  /** Steps that the runner reported as started and not as ended. */
  readonly openSteps: Set<string>;
  /** Sends a message to the launcher. */
  tell(message: GatewayMessage): void;
  /** Records a refusal and sends it as the response. */
  refuse(exchange: Exchange, status: number, refusal: Omit<Refusal, 'at' | 'command'>): void;
  /** Records a refusal that has no HTTP response. */
  record(refusal: Omit<Refusal, 'at' | 'command'>, request?: IncomingMessage): Refusal;
  onEvent(event: PhaseEvent): void;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** Path after the route's prefix, still percent-encoded. */
  readonly rest: string;
  readonly caller: Caller;
}

export type Route = (exchange: Exchange) => Promise<void> | void;

/** An invalid request; the message is sent back. */
export class BadRequest extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Reads a body of at most `max` bytes. @throws BadRequest 413 if it is longer. */
export async function readBody(request: IncomingMessage, max: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > max) throw new BadRequest(413, `body over ${max} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
