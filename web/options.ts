import type { Context } from 'hono';
import type { Policy } from '../core/policy/schema.ts';
import type { ChannelName } from '../core/ports/runtime/notifier.ts';
import type { OutboxEntry } from '../core/ports/store/outbox.ts';
import type { Tested } from '../pipeline/notices/test-message.ts';
import type { Service, WatchItem } from '../pipeline/service/service.ts';

/** The person who sent a request. */
interface Visitor {
  /** Name under which votes are cast: a person id, or the name given with `--as`. Shown on every page. */
  who: string;
  /** CSRF token, bound to the session; a hidden field of every form. */
  csrf: string;
  /** Whether there is a session that can be ended. */
  signedIn: boolean;
}

/** The authenticator, called before each page: returns the visitor, or a response instead of the page. */
export type Authenticate = (c: Context) => Visitor | Response | Promise<Visitor | Response>;

/** What the audit of the pages records; its kind ends with `refused` if it was. */
export interface WebAct {
  type: 'sign-in' | 'sign-in-refused' | 'request-refused';
  text: string;
  /** Person id, or the subject at the issuer; absent for a visitor who is not known. */
  who?: string;
}

export interface WebOptions {
  /** The service as this person sees it. */
  service(who: string): Service;
  /** Streams the events of a run. Absent if requests cannot stay open: then the page polls every few seconds. */
  watch?(runId: string, signal: AbortSignal): AsyncIterable<WatchItem>;
  /** Messages to people, newest first. */
  outbox?(): Promise<OutboxEntry[]>;
  /** The ways to people that the policy configures. */
  channels?: readonly ChannelName[];
  /** Sends a test message to a person by one of them. */
  testChannel?(channel: string, person: string): Promise<Tested>;
  authenticate: Authenticate;
  /** The operator's policy, for budgets and retries. */
  policy: Policy;
  /** Epoch milliseconds. */
  now(): number;
  /** Host names, without port, under which the pages are served; default: the loopback names. */
  hosts?: readonly string[];
  /** Origin under which browsers see the pages, if it is not that of the requests: a proxy before them ends TLS. */
  origin?: string;
  /** Records sign-ins and refused attempts. */
  audit?(act: WebAct): Promise<void>;
  /** Receives defects, whose text is never shown on a page. */
  onFault?(error: unknown): void;
}

/** Common input of all pages. */
export interface PageContext {
  options: WebOptions;
  /** Epoch milliseconds of the request. */
  now: number;
  /** Nonce of the Content-Security-Policy, for the one script. */
  nonce: string;
  /** Decisions that wait for the visitor, where the page knows them. */
  badge?: number;
  /** Undefined on pages without authentication, which contain no data of runs. */
  visitor?: Visitor;
}
