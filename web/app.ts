import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { streamSSE } from 'hono/streaming';
import { DrydockError, viewError } from '../core/errors.ts';
import { optionNamed, voteForOption } from '../core/review/option.ts';
import type { VoteChoice } from '../core/run/gate.ts';
import { isFinal } from '../core/run/status.ts';
import type { GateView } from '../pipeline/service/service.ts';
import { assets } from './html/assets.ts';
import { followMessage, followMessages } from './html/follow.ts';
import { gatePath, type Markup, runPath } from './html/markup.ts';
import type { WebOptions } from './options.ts';
import { activityPage } from './pages/activity.ts';
import { auditPage } from './pages/audit.ts';
import { budgetPage } from './pages/budget.ts';
import { type Draft, draftOf } from './pages/draft.ts';
import { errorPage, webError } from './pages/error.ts';
import { type GateParts, gatePage } from './pages/gate.ts';
import { outboxPage } from './pages/outbox.ts';
import { type Part, runPage } from './pages/run.ts';
import { runsPage } from './pages/runs.ts';
import { RequestRefused } from './request-refused.ts';
import { enter, formOf, guard, headers, type WebEnv } from './security/request-guard.ts';

/** Maximum request: an edited plan of maximum size, percent-encoded, and the other fields. */
const maxBodyBytes = 1024 * 1024;
/** Number of newest runs that the list shows and searches. */
const listedRuns = 500;

/** The pages, as an application for any runtime with `fetch` requests. GET requests change nothing. */
export function createWeb(options: WebOptions): Hono<WebEnv> {
  const { service, policy, watch, outbox } = options;
  const whoOf = (c: Context<WebEnv>): string => c.get('page').visitor?.who ?? '';
  const app = new Hono<WebEnv>();
  app.use(headers, guard(options));
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: () => {
        throw new RequestRefused(413, `A form may have at most ${maxBodyBytes} bytes.`, 'Shorten the text.');
      },
    }),
  );
  const send = (c: Context<WebEnv>, body: Markup): Response => c.html(body as string);

  for (const asset of Object.values(assets)) {
    app.get(asset.path, (c) =>
      c.body(asset.body, 200, { 'Content-Type': asset.type, 'Cache-Control': 'public, max-age=31536000, immutable' }),
    );
  }

  // The assets above are public; all routes below require an authenticated visitor.
  app.use(enter(options));
  app.get('/', (c) => c.redirect('/runs'));
  app.get('/runs', async (c) => {
    const [runs, paused] = await Promise.all([service.list(listedRuns), service.paused()]);
    const filter = { status: c.req.query('status') ?? '', text: c.req.query('q')?.trim() ?? '' };
    return send(c, runsPage(c.get('page'), runs, filter, paused));
  });

  app.get('/runs/:run', async (c) => {
    const run = await service.run(c.req.param('run'));
    const [audit, refusals, evidence, diff, host] = await Promise.all([
      service.audit(run.runId),
      service.egress(run.runId),
      part(service.evidence(run.runId)),
      part(service.diff(run.runId)),
      part(service.host(run.runId)),
    ]);
    return send(c, runPage(c.get('page'), { run, audit, refusals, evidence, diff, host }));
  });
  app.get('/runs/:run/follow', async (c) => {
    const run = await service.run(c.req.param('run'));
    if (!watch) return c.json(followMessages(run));
    const { runId } = run;
    const following = streamSSE(c, async (stream) => {
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      for await (const item of watch(runId, gone.signal)) {
        await stream.writeSSE({ data: JSON.stringify(followMessage(item)) });
        if (item.kind === 'run' && isFinal(item.run.status)) gone.abort();
      }
    });
    following.headers.set('Cache-Control', 'no-store');
    return following;
  });
  app.get('/runs/:run/audit', async (c) => send(c, auditPage(c.get('page'), await service.audit(c.req.param('run')))));
  app.get('/runs/:run/audit.json', async (c) => c.json(await service.audit(c.req.param('run'))));
  app.get('/runs/:run/activity', async (c) => {
    const run = await service.run(c.req.param('run'));
    return send(c, activityPage(c.get('page'), run, await service.activity(run.runId)));
  });
  app.post('/runs/:run/cancel', async (c) => {
    const field = await formOf(c);
    const run = await service.cancel(c.req.param('run'), whoOf(c), field('reason') || 'cancelled on the page');
    return c.redirect(runPath(run.runId), 303);
  });
  app.post('/runs/:run/retry', async (c) => {
    await formOf(c);
    const { runId } = await service.retry(c.req.param('run'), policy, whoOf(c));
    return c.redirect(runPath(runId), 303);
  });

  const gateParts = async (reference: string): Promise<GateParts> => {
    const gate = await service.gate(reference);
    const run = await service.run(gate.runId);
    const [evidence, diff] = await Promise.all([part(service.evidence(run.runId)), part(service.diff(run.runId))]);
    return { gate, run, evidence, diff };
  };
  app.get('/gates/:gate', async (c) => send(c, gatePage(c.get('page'), await gateParts(c.req.param('gate')))));
  app.post('/gates/:gate', async (c) => {
    const reference = c.req.param('gate');
    try {
      const field = await formOf(c);
      const vote = voteOf(field, await service.gate(reference));
      const gate = await service.vote({ gate: reference, who: whoOf(c), ...vote });
      return c.redirect(gatePath(gate.gateId), 303);
    } catch (error) {
      const { status, view, defect } = webError(error);
      // The page is shown again with the draft and a valid token, so that the person can send it without writing again.
      const parts = defect ? undefined : await gateParts(reference).catch(() => undefined);
      if (!parts) throw error;
      const refused = { draft: draftOf(await c.req.text()), error: view };
      return c.html(gatePage(c.get('page'), { ...parts, refused }) as string, status as 422);
    }
  });

  app.post('/pause', async (c) => {
    const field = await formOf(c);
    await service.pause(field('paused') === 'yes', whoOf(c), policy);
    return c.redirect('/runs', 303);
  });
  if (outbox) app.get('/outbox', async (c) => send(c, outboxPage(c.get('page'), await outbox())));
  app.get('/budget', async (c) => {
    const found = await Promise.all(Object.keys(policy.budgets).map((team) => service.budget(team, policy)));
    return send(
      c,
      budgetPage(
        c.get('page'),
        found.filter((budget) => budget !== null),
      ),
    );
  });

  app.notFound((c) => {
    const view = { name: 'PageNotFound', message: 'The page does not exist.', remedy: 'Start from the list of runs.' };
    return c.html(errorPage(c.get('page'), view) as string, 404);
  });
  app.onError(async (error, c) => {
    const { status, view, defect } = webError(error);
    if (defect) options.onFault?.(error);
    if (c.req.method !== 'POST') return c.html(errorPage(c.get('page'), view) as string, status as 500);
    const back = c.req.path.replace(/^\/pause$|\/(?:cancel|retry)$/, '') || '/runs';
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

/** The vote in a gate's form. @throws AnswerInvalid when a required field is missing. */
function voteOf(
  field: (name: string) => string,
  gate: GateView,
): { choice: VoteChoice; text: string; head: string; edit?: string; constraint?: string } {
  const head = field('head');
  const choice = field('choice');
  if (head === '') throw new DrydockError('AnswerInvalid', 'The form does not name the version that was shown.');
  if (choice === 'approve') {
    const [constraint, edit] = [field('constraint'), field('edit')];
    return { choice, text: '', head, ...(constraint === '' ? {} : { constraint }), ...(edit === '' ? {} : { edit }) };
  }
  if (choice !== 'revise' && choice !== 'reject' && choice !== 'answer') {
    throw new DrydockError('AnswerInvalid', 'The choice must be approve, revise, reject or answer.');
  }
  const option = choice === 'answer' ? field('option') : '';
  const named = option === '' ? undefined : optionNamed(gate, option);
  if (named) return { ...voteForOption(named, field('text')), head };
  const text = field('text') || option;
  if (text === '') throw new DrydockError('AnswerInvalid', 'The text is empty.');
  return { choice, text, head };
}

/** A named error in one part is shown in that part; a defect fails the whole page. */
async function part<T>(promise: Promise<T>): Promise<Part<T>> {
  try {
    return { value: await promise };
  } catch (error) {
    if (error instanceof DrydockError && error.name !== 'Internal') return { error: viewError(error) };
    throw error;
  }
}
