import type { Policy } from '../core/policy/schema.ts';
import type { Service, WatchItem } from '../pipeline/service.ts';

/** A notification as the pages show it. */
export interface Message {
  key: string;
  /** ISO 8601. */
  at: string;
  to: string[];
  subject: string;
  text: string;
  link?: string;
}

export interface WebOptions {
  service: Service;
  watch(runId: string, signal: AbortSignal): AsyncIterable<WatchItem>;
  outbox(): Promise<Message[]>;
  /** Under whom votes are cast: the person at this machine, as typed. Shown on every page. */
  who: string;
  /** The operator's policy: budgets, and what a retry runs under. */
  policy: Policy;
  /** Key of the CSRF tokens; at least 32 bytes, never leaves the server. */
  csrfKey: Uint8Array;
  /** Epoch milliseconds. */
  now(): number;
  /** Host names, without port, under which the pages may be asked for; loopback names where absent. */
  hosts?: readonly string[];
  /** Hears of defects, whose text no page shows. */
  onFault?(error: unknown): void;
}

/** What every page is made with. */
export interface PageContext {
  options: WebOptions;
  /** Epoch milliseconds of the request. */
  now: number;
  /** Nonce of the Content-Security-Policy, for the one inline script. */
  nonce: string;
  /** Bound to the session's cookie; every form carries it. */
  csrf: string;
}
