import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { NONCE, type SecureHeadersVariables, secureHeaders } from 'hono/secure-headers';
import type { Authenticate, PageContext, WebOptions } from '../options.ts';
import { RequestRefused } from '../request-refused.ts';

export type WebEnv = { Variables: { page: PageContext } & SecureHeadersVariables };

const loopbackHosts: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];
const sessionCookie = 'drydock_session';
const sessionShape = /^[0-9a-f]{64}$/;
const reload = 'Open the page again, and repeat the action there.';

/** Headers of every response: nothing is loaded from other hosts, and only the page's own script may run. */
export const headers: MiddlewareHandler<WebEnv> = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    scriptSrc: [NONCE],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: 'DENY',
  // Without subdomains, which may belong to somebody else. Browsers ignore this header over HTTP.
  strictTransportSecurity: 'max-age=15552000',
});

/**
 * Checks every request. A link alone grants no access: GET requests change nothing, and other requests need a form with
 * the session's CSRF token, sent from these pages (Origin, Sec-Fetch-Site) to a configured host name (Host, against DNS
 * rebinding).
 */
export function guard(options: WebOptions): MiddlewareHandler<WebEnv> {
  const hosts = options.hosts ?? loopbackHosts;
  const { origin } = options;
  return async (c, next) => {
    c.header('Cache-Control', 'no-store');
    c.set('page', { options, now: options.now(), nonce: c.get('secureHeadersNonce') ?? '' });
    const host = (c.req.header('host') ?? '').toLowerCase();
    if (!hosts.includes(host.replace(/:\d{1,5}$/, ''))) {
      throw new RequestRefused(421, 'These pages are not served under that name.', `Use one of: ${hosts.join(', ')}.`);
    }
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD')
      refuseForeign(c, origin ?? `${new URL(c.req.url).protocol}//${host}`);
    else refuseEmbedded(c);
    await next();
  };
}

/** Rejects requests that the authenticator cannot identify. */
export function enter({ authenticate }: WebOptions): MiddlewareHandler<WebEnv> {
  return async (c, next) => {
    const visitor = await authenticate(c);
    if (visitor instanceof Response) return visitor;
    c.set('page', { ...c.get('page'), visitor });
    return next();
  };
}

/**
 * The authenticator for a single person on one machine: each browser gets a session, and every visitor is that person.
 * @param csrfKey At least 32 bytes; never leaves the server.
 */
export const oneVisitor =
  (who: string, csrfKey: Uint8Array): Authenticate =>
  (c) => ({ who, csrf: tokenOf(csrfKey, sessionOf(c)), signedIn: false });

/** The value of a field, trimmed; empty if it is absent. */
export interface Form {
  (name: string): string;
  /** All fields, as they were sent. */
  all: URLSearchParams;
}

/** The fields of a form. @throws RequestRefused without the CSRF token of the session. */
export async function formOf(c: Context<WebEnv>): Promise<Form> {
  const type = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') {
    throw new RequestRefused(415, 'A decision must be sent as a form.', reload);
  }
  const fields = new URLSearchParams(await c.req.text());
  const given = Buffer.from(fields.get('csrf') ?? '');
  const expected = Buffer.from(c.get('page').visitor?.csrf ?? '');
  if (expected.length === 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new RequestRefused(403, 'The form is not from this session; nothing was changed.', reload);
  }
  const read = (name: string): string => (fields.get(name) ?? '').replace(/\r\n?/g, '\n').trim();
  return Object.assign(read, { all: fields });
}

/**
 * Refuses requests from other sites. With `Referrer-Policy: no-referrer` a browser sends `Origin: null` even for the
 * forms of these pages, and only Sec-Fetch-Site identifies them. One of both must confirm the same origin, and neither
 * may contradict it.
 */
function refuseForeign(c: Context, own: string): void {
  const origin = c.req.header('origin') ?? 'null';
  const site = c.req.header('sec-fetch-site');
  const sameOrigin = origin !== 'null' && origin.toLowerCase() === own;
  const foreign = (origin !== 'null' && !sameOrigin) || (site !== undefined && site !== 'same-origin');
  if (foreign || (!sameOrigin && site !== 'same-origin')) {
    throw new RequestRefused(403, 'The request did not come from these pages; nothing was changed.', reload);
  }
}

/**
 * Refuses a page that another site loads as an image, a frame or by a script: it could not read the page, but it could
 * keep this process busy with it, and see how long it takes. A link of another site may lead here.
 */
function refuseEmbedded(c: Context): void {
  const site = c.req.header('sec-fetch-site');
  if (site !== 'cross-site' && site !== 'same-site') return;
  const [mode = 'navigate', dest = 'document'] = [c.req.header('sec-fetch-mode'), c.req.header('sec-fetch-dest')];
  if (mode === 'navigate' && dest === 'document') return;
  throw new RequestRefused(403, 'Another site may not load these pages.', 'Open the page in a window of its own.');
}

function sessionOf(c: Context): string {
  const known = getCookie(c, sessionCookie);
  if (known !== undefined && sessionShape.test(known)) return known;
  const made = randomBytes(32).toString('hex');
  const secure = new URL(c.req.url).protocol === 'https:';
  setCookie(c, sessionCookie, made, { httpOnly: true, sameSite: 'Strict', path: '/', secure });
  return made;
}

const tokenOf = (key: Uint8Array, session: string): string =>
  createHmac('sha256', key).update(`csrf ${session}`).digest('base64url');
