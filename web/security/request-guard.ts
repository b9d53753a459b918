import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { NONCE, type SecureHeadersVariables, secureHeaders } from 'hono/secure-headers';
import type { Door, PageContext, WebOptions } from '../options.ts';
import { RequestRefused } from '../request-refused.ts';

export type WebEnv = { Variables: { page: PageContext } & SecureHeadersVariables };

const loopbackHosts: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];
const sessionCookie = 'drydock_session';
const sessionShape = /^[0-9a-f]{64}$/;
const reload = 'Open the page again and repeat it there.';

/** Headers of every answer: nothing is loaded from elsewhere, and the one script that runs is the page's own. */
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
  // Without its subdomains, which may be somebody else's. Browsers ignore it over HTTP.
  strictTransportSecurity: 'max-age=15552000',
});

/**
 * Checks of every request. A link grants nothing: reading changes nothing, and writing needs a form of ours
 * (token bound to the session's cookie), sent by a page of ours (Origin, Sec-Fetch-Site), to a name that is ours (Host,
 * against DNS rebinding).
 */
export function guard(options: WebOptions): MiddlewareHandler<WebEnv> {
  const hosts = options.hosts ?? loopbackHosts;
  return async (c, next) => {
    c.header('Cache-Control', 'no-store');
    c.set('page', { options, now: options.now(), nonce: c.get('secureHeadersNonce') ?? '' });
    const host = (c.req.header('host') ?? '').toLowerCase();
    if (!hosts.includes(host.replace(/:\d{1,5}$/, ''))) {
      throw new RequestRefused(421, 'These pages are not served under that name.', `Use one of: ${hosts.join(', ')}.`);
    }
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') refuseForeign(c, host);
    await next();
  };
}

/** Lets nobody further of whom the door does not say who it is. */
export function enter({ door }: WebOptions): MiddlewareHandler<WebEnv> {
  return async (c, next) => {
    const visitor = await door(c);
    if (visitor instanceof Response) return visitor;
    c.set('page', { ...c.get('page'), visitor });
    return next();
  };
}

/**
 * The door where there is one person, as on one machine: each browser gets a session, and whoever comes is that person.
 * @param csrfKey At least 32 bytes; never leaves the server.
 */
export const oneVisitor =
  (who: string, csrfKey: Uint8Array): Door =>
  (c) => ({ who, csrf: tokenOf(csrfKey, sessionOf(c)), signedIn: false });

/** The fields of a form of ours. @throws RequestRefused when it is somebody else's. */
export async function formOf(c: Context<WebEnv>): Promise<(name: string) => string> {
  const type = (c.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') {
    throw new RequestRefused(415, 'A decision is sent as a form.', reload);
  }
  const fields = new URLSearchParams(await c.req.text());
  const given = Buffer.from(fields.get('csrf') ?? '');
  const expected = Buffer.from(c.get('page').visitor?.csrf ?? '');
  if (expected.length === 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new RequestRefused(403, 'The form is not from this session; nothing was changed.', reload);
  }
  return (name) => (fields.get(name) ?? '').replace(/\r\n?/g, '\n').trim();
}

/**
 * With `Referrer-Policy: no-referrer` a browser sends `Origin: null` with our own forms too, and then only
 * Sec-Fetch-Site tells ours from others'. One of the two has to say that it is ours, and neither the contrary.
 */
function refuseForeign(c: Context, host: string): void {
  const origin = c.req.header('origin') ?? 'null';
  const site = c.req.header('sec-fetch-site');
  const own = `${new URL(c.req.url).protocol}//${host}`;
  const originOurs = origin !== 'null' && origin.toLowerCase() === own;
  const foreign = (origin !== 'null' && !originOurs) || (site !== undefined && site !== 'same-origin');
  if (foreign || (!originOurs && site !== 'same-origin')) {
    throw new RequestRefused(403, 'The request did not come from these pages; nothing was changed.', reload);
  }
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
