import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { AppManifest } from '../../../adapters/github/api/app-manifest.ts';
import { DrydockError, viewError } from '../../../core/errors.ts';
import { acceptsPeer } from '../../local/same-user.ts';
import { donePage, faultPage, startPage, style } from './pages.ts';

const cookieName = 'drydock_setup';
const random = (): string => randomBytes(32).toString('hex');

const same = (given: string | undefined, expected: string): boolean => {
  const bytes = Buffer.from(given ?? '');
  return bytes.length === Buffer.byteLength(expected) && timingSafeEqual(bytes, Buffer.from(expected));
};

interface SetupServerOptions {
  /** 0 picks a free port. */
  port: number;
  /** GitHub's page for manifests of this account: `…/settings/apps/new`. */
  newAppUrl: string;
  /** Display name of the account. */
  account: string;
  manifest(redirectUrl: string): AppManifest;
  /** Exchanges the code from GitHub for the app, and stores the app. Called once. */
  exchange(code: string): Promise<{ slug: string; installUrl: string }>;
}

interface SetupServer {
  /** For a browser on this machine; contains a secret random part. */
  url: string;
  /** Resolves after the exchange. @throws the error of the exchange. */
  done: Promise<void>;
  close(): Promise<void>;
}

/**
 * The two pages of GitHub's manifest flow, on the loopback address: the first posts the manifest to GitHub, and GitHub
 * redirects to the second with a code. The second page requires the cookie of the first and the state, so that only the
 * browser that started the flow can finish it and nobody else can have another app stored here.
 * @throws UsageError when the port is not available.
 */
export async function serveSetup(options: SetupServerOptions): Promise<SetupServer> {
  const [key, state, session] = [random(), random(), random()];
  const done = Promise.withResolvers<void>();
  // A rejection before the caller awaits `done` must not count as unhandled.
  done.promise.catch(() => undefined);
  let exchanged = false;
  const app = new Hono();
  const own = { url: '' };

  app.use(async (c, next) => {
    c.header('Content-Security-Policy', policyOf(options.newAppUrl));
    // GitHub receives the origin of the form, and not its path, which contains the key.
    c.header('Referrer-Policy', 'strict-origin');
    c.header('Cache-Control', 'no-store');
    c.header('X-Content-Type-Options', 'nosniff');
    if (c.req.header('host') !== new URL(own.url).host) return refuse(c, 421, 'This host name is not served here.');
    return next();
  });
  app.get('/style.css', (c) => c.body(style, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
  app.get('/start/:key', (c) => {
    if (!same(c.req.param('key'), key)) return refuse(c, 404, 'The page does not exist.');
    // Lax, because GitHub's redirect is a cross-site navigation.
    setCookie(c, cookieName, session, { httpOnly: true, sameSite: 'Lax', path: '/callback' });
    const action = `${options.newAppUrl}?state=${state}`;
    return c.html(startPage(options.manifest(`${own.url}/callback`), action, options.account));
  });
  app.get('/callback', async (c) => {
    if (!same(getCookie(c, cookieName), session) || !same(c.req.query('state'), state)) {
      return refuse(c, 403, 'This response does not belong to the page that was opened here.');
    }
    const code = c.req.query('code') ?? '';
    if (!/^[A-Za-z0-9_-]{1,200}$/.test(code)) return refuse(c, 400, 'GitHub sent no code.');
    if (exchanged) return refuse(c, 409, 'The code was already used.');
    exchanged = true;
    try {
      const { slug, installUrl } = await options.exchange(code);
      setTimeout(done.resolve);
      return c.html(donePage(slug, installUrl));
    } catch (error) {
      done.reject(error);
      const { message, remedy } = error instanceof DrydockError ? error : viewError(new Error('Something failed.'));
      return c.html(faultPage(message, remedy), 502);
    }
  });
  app.notFound((c) => refuse(c, 404, 'The page does not exist.'));

  const server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  server.on('connection', (socket) => {
    if (!acceptsPeer(socket)) socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new DrydockError('UsageError', `Port ${options.port} is not available: ${error.code}.`, {
          remedy: 'Choose another with --port, or --port 0 for a free one.',
        }),
      ),
    );
    server.listen(options.port, '127.0.0.1', resolve);
  });
  own.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${own.url}/start/${key}`,
    done: done.promise,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Sent responses arrive; a browser would keep its idle connection open.
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 1_000).unref();
      }),
  };
}

const refuse = (c: Context, status: 400 | 403 | 404 | 409 | 421, message: string) =>
  c.html(faultPage(message, 'Open the URL that the terminal shows.'), status);

const policyOf = (newAppUrl: string): string =>
  [
    "default-src 'none'",
    "style-src 'self'",
    `form-action 'self' ${new URL(newAppUrl).origin}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
