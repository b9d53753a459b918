import type { Context } from 'hono';
import type { Policy } from '../core/policy/schema.ts';
import type { Service, WatchItem } from '../pipeline/service/service.ts';

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

/** Who a request comes from. */
interface Visitor {
  /** Under whom votes are cast: a person's id, or as typed at this machine. Shown on every page. */
  who: string;
  /** Bound to the session; every form carries it. */
  csrf: string;
  /** Whether there is something to sign out of. */
  signedIn: boolean;
}

/** Asked before each page: says who is there, or answers in the page's place. */
export type Door = (c: Context) => Visitor | Response | Promise<Visitor | Response>;

export interface WebOptions {
  service: Service;
  /** Follows a run as it happens. Where requests cannot stay open it is left out, and the page asks every few seconds. */
  watch?(runId: string, signal: AbortSignal): AsyncIterable<WatchItem>;
  /** What people were told, where that is kept. */
  outbox?(): Promise<Message[]>;
  door: Door;
  /** The operator's policy: budgets, and what a retry runs under. */
  policy: Policy;
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
  /** Undefined before anybody was let in: such a page has nothing of a run on it. */
  visitor?: Visitor;
}
