import type { Context } from 'hono';
import { signedIn } from '../../core/policy/people.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { Markup } from '../html/markup.ts';
import type { Authenticate, WebAct } from '../options.ts';
import { continuePage, signedOutPage, strangerPage } from '../pages/login.ts';
import { RequestRefused } from '../request-refused.ts';
import type { Issuer } from './oidc.ts';
import { formOf, type WebEnv } from './request-guard.ts';
import type { Seal } from './sealed-cookie.ts';
import { createSessions, csrfOf, type Session } from './sessions.ts';

export const callbackPath = '/login/callback';

interface LoginOptions {
  issuer: Issuer;
  /** The issuer's identifier; sessions are bound to it. */
  issuerName: string;
  seal: Seal;
  policy: Pick<Policy, 'people' | 'review'>;
  now(): number;
  /** Records who signed in, and whom the policy does not list. */
  audit?(act: WebAct): Promise<void>;
}

/**
 * Authenticates people through an OpenID Connect issuer: all pages require a session. The person is looked up in the
 * current policy at each request, so that removing a person takes effect immediately.
 */
export function createLogin(options: LoginOptions): Authenticate {
  const { issuer, issuerName, policy, now } = options;
  const sessions = createSessions(options.seal, issuerName, now);
  const whoIs = ({ subject, email }: Session): string | undefined => signedIn(policy, { subject, email });

  const begin = async (c: Context<WebEnv>): Promise<Response> => {
    const to = ownPath(c.req.query('to'));
    // A link on another site sends no session cookie (SameSite=Strict). A redirect by a page of Drydock sends it.
    const site = c.req.header('sec-fetch-site');
    if (site === 'cross-site' || site === 'same-site') {
      return send(c, continuePage(c.get('page'), loginPath(to), 'Signing in'));
    }
    if (await sessions.current(c, false)) return c.redirect(to, 303);
    const { url, attempt } = await issuer.begin();
    await sessions.beginLogin(c, { ...attempt, to });
    return c.redirect(url.href, 303);
  };

  const finish = async (c: Context<WebEnv>): Promise<Response> => {
    const begun = await sessions.takeLogin(c);
    if (!begun) {
      const reason = 'This browser did not start a login, or the login took too long.';
      throw new RequestRefused(403, reason, 'Sign in again.');
    }
    const identity = await issuer.finish(new URL(c.req.url).search, begun);
    await sessions.begin(c, identity);
    const { subject, email } = identity;
    const known = signedIn(policy, { subject, email });
    await options.audit?.(
      known === undefined
        ? { type: 'sign-in-refused', text: `The policy lists no person with the subject ${subject}.`, who: subject }
        : { type: 'sign-in', text: `signed in with the subject ${subject}`, who: known },
    );
    // Not a redirect: a browser would treat it as a navigation from the issuer and would not send the new cookie.
    return send(c, continuePage(c.get('page'), begun.to, 'Signed in'));
  };

  const leave = async (c: Context<WebEnv>, session: Session): Promise<Response> => {
    c.set('page', { ...c.get('page'), visitor: { who: '', csrf: csrfOf(session), signedIn: true } });
    await formOf(c);
    sessions.end(c);
    const { visitor: _gone, ...context } = c.get('page');
    return send(c, signedOutPage(context, issuerName));
  };

  return async (context) => {
    const c = context as Context<WebEnv>;
    const { path, method } = c.req;
    if (method === 'GET' && path === '/login') return begin(c);
    if (method === 'GET' && path === callbackPath) return finish(c);
    // A page that looks for news by itself does not keep a session alive.
    const byItself = path.endsWith('/follow') || c.req.header('x-drydock-refresh') !== undefined;
    const session = await sessions.current(c, !byItself);
    if (!session) return turnAway(c);
    if (method === 'POST' && path === '/logout') return leave(c, session);
    const who = whoIs(session);
    const csrf = csrfOf(session);
    if (who !== undefined) return { who, csrf, signedIn: true };
    return send(c, strangerPage(c.get('page'), csrf, session), 403);
  };
}

const send = (c: Context, body: Markup, status: 200 | 403 = 200): Response | Promise<Response> =>
  c.html(body as string, status);

/** Redirects a browser to the sign-in page, which leads back; refuses any other request. */
function turnAway(c: Context<WebEnv>): Response {
  const { pathname, search } = new URL(c.req.url);
  if (c.req.method === 'GET' && (c.req.header('accept') ?? '').includes('text/html')) {
    return c.redirect(loginPath(`${pathname}${search}`), 303);
  }
  throw new RequestRefused(401, 'You are not signed in; nothing was changed.', 'Sign in, and repeat the request.');
}

const loginPath = (to: string): string => `/login?to=${encodeURIComponent(ownPath(to))}`;

/** Maximum length of a return path, so that it fits into the login cookie. */
const maxChars = 1_000;

/**
 * A path of these pages for the redirect after a login; `/` for anything else, to prevent open redirects.
 * @internal for its tests
 */
export function ownPath(to: string | undefined): string {
  const base = 'https://pages.invalid';
  if (to === undefined || to.length > maxChars || !/^\/(?![/\\])[\x21-\x7e]*$/.test(to) || to.includes('\\'))
    return '/';
  const url = URL.parse(to, base);
  if (url?.origin !== base) return '/';
  const path = `${url.pathname}${url.search}`;
  return /^\/(\/|login(?:$|[/?])|logout(?:$|[/?]))/.test(path) ? '/' : path;
}
