import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { assets } from './html/assets.ts';
import type { WebOptions } from './options.ts';
import { type Draft, draftOf } from './pages/draft.ts';
import { errorPage, webError } from './pages/error.ts';
import { RequestRefused } from './request-refused.ts';
import { adminRoutes } from './routes/admin.ts';
import { auditRoutes } from './routes/audit.ts';
import { gateRoutes } from './routes/gates.ts';
import { listRoutes } from './routes/lists.ts';
import type { RouteParts } from './routes/routes.ts';
import { runRoutes } from './routes/runs.ts';
import { auditRefused } from './security/audit-refused.ts';
import { enter, guard, headers, type WebEnv } from './security/request-guard.ts';

/** Maximum request: an edited plan of maximum size, percent-encoded, and the other fields. */
const maxBodyBytes = 1024 * 1024;
/** The pages, as an application for any runtime with `fetch` requests. GET requests change nothing. */
export function createWeb(options: WebOptions): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  app.use(compress());
  app.use(headers, guard(options));
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: () => {
        throw new RequestRefused(413, `A form may have at most ${maxBodyBytes} bytes.`, 'Shorten the text.');
      },
    }),
  );

  for (const asset of Object.values(assets)) {
    app.get(asset.path, (c) =>
      c.body(asset.body, 200, { 'Content-Type': asset.type, 'Cache-Control': 'public, max-age=31536000, immutable' }),
    );
  }

  // The assets above are public; all routes below require an authenticated visitor.
  app.use(enter(options));
  const whoOf: RouteParts['whoOf'] = (c) => c.get('page').visitor?.who ?? '';
  const parts: RouteParts = { options, whoOf, serviceOf: (c) => options.service(whoOf(c)) };
  for (const routes of [listRoutes, runRoutes, gateRoutes, adminRoutes, auditRoutes]) routes(app, parts);

  app.notFound((c) => {
    const view = { name: 'PageNotFound', message: 'The page does not exist.', remedy: 'Start from the list of runs.' };
    return c.html(errorPage(c.get('page'), view) as string, 404);
  });
  app.onError(async (error, c) => {
    const { status, view, defect } = webError(error);
    if (defect) options.onFault?.(error);
    await auditRefused(options, c, error);
    if (c.req.method !== 'POST') return c.html(errorPage(c.get('page'), view) as string, status as 500);
    const back = c.req.path.replace(/^\/pause$|\/(?:cancel|retry|read)$/, '') || '/runs';
    const signIn = status === 401 ? { page: `/login?to=${encodeURIComponent(back)}`, action: c.req.path } : undefined;
    // The draft is shown again only to an authenticated visitor or after the end of a session, never for a foreign
    // form.
    const draft = signIn || c.get('page').visitor ? await formText(c) : undefined;
    const parts = { back, ...(draft ? { draft } : {}), ...(signIn ? { signIn } : {}) };
    return c.html(errorPage(c.get('page'), view, parts) as string, status as 500);
  });
  return app;
}

const formText = async (c: Context): Promise<Draft | undefined> => {
  try {
    return draftOf(await c.req.text());
  } catch {
    // The body is too large or truncated.
    return undefined;
  }
};
