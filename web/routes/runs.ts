import { randomUUID } from 'node:crypto';
import type { Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { isRefusal } from '../../core/errors.ts';
import { isFinal } from '../../core/run/status.ts';
import type { RunView } from '../../pipeline/service/service.ts';
import type { RunDetail } from '../../pipeline/view/run-detail.ts';
import { changeSection } from '../change/view.ts';
import { planView } from '../html/evidence.ts';
import { followMessage, followMessages } from '../html/follow.ts';
import { type Markup, markup, runPath } from '../html/markup.ts';
import { part } from '../part.ts';
import { auditTab } from '../run/audit.ts';
import { costTab } from '../run/cost.ts';
import { evidenceTab } from '../run/evidence.ts';
import { runFrame, type Tab } from '../run/frame.ts';
import { overview } from '../run/overview.ts';
import { tellAgain } from '../run/tell.ts';
import { transcript } from '../run/transcript.ts';
import { formOf, type WebEnv } from '../security/request-guard.ts';
import { layoutOf } from './change-options.ts';
import { type Routes, send } from './routes.ts';

/** The page of a run with its parts, its stream, and what can be done with it. */
export const runRoutes: Routes = (app: Hono<WebEnv>, { options, serviceOf, whoOf }): void => {
  const { watch, policy } = options;
  const tab = (
    name: Tab,
    content: (c: Context<WebEnv>, run: RunView, detail: RunDetail) => Promise<Markup> | Markup,
  ): void => {
    app.get(name === '' ? '/runs/:run' : `/runs/:run/${name}`, async (c) => {
      const service = serviceOf(c);
      const reference = c.req.param('run') ?? '';
      const [run, detail] = await Promise.all([service.run(reference), service.detail(reference)]);
      return send(c, runFrame(c.get('page'), run, detail, name, await content(c, run, detail)));
    });
  };

  tab('', async (c, run, detail) =>
    overview(c.get('page'), { run, detail, host: await part(serviceOf(c).host(run.runId)) }),
  );
  tab('plan', (_c, _run, { plan, steps }) =>
    plan
      ? markup`<section class="card"><h2>Plan${steps.some(({ name, is }) => name === 'Plan approved' && is === 'done') && markup` <span class="chip good">approved</span>`}</h2>${planView(plan)}</section>`
      : markup`<p class="empty">There is no plan yet.</p>`,
  );
  tab('change', async (c, run) => {
    const change = await serviceOf(c).change(run.runId);
    return change && change.files.length > 0
      ? changeSection(c.get('page'), change, { path: `${runPath(run.runId)}/change`, ...layoutOf(c) })
      : markup`<p class="empty">Nothing is changed yet.</p>`;
  });
  tab('evidence', async (c, run, detail) => {
    const service = serviceOf(c);
    const [evidence, refusals] = await Promise.all([service.evidence(run.runId), service.egress(run.runId)]);
    return evidenceTab(detail, evidence, refusals);
  });
  tab('activity', async (c, run) =>
    transcript(
      c.get('page'),
      await serviceOf(c).activity(run.runId),
      {
        path: `${runPath(run.runId)}/activity`,
        show: c.req.query('show') ?? 'all',
        text: (c.req.query('q') ?? '').trim().slice(0, 200),
      },
      !isFinal(run.status),
    ),
  );
  tab('cost', async (c, run, detail) => costTab(detail, await serviceOf(c).audit(run.runId)));
  tab('audit', async (c, run) => auditTab(c.get('page'), await serviceOf(c).audit(run.runId)));

  app.get('/runs/:run/audit.json', async (c) => c.json(await serviceOf(c).audit(c.req.param('run'))));
  app.get('/runs/:run/follow', async (c) => {
    const run = await serviceOf(c).run(c.req.param('run'));
    if (!watch) return c.json(followMessages(run));
    const { runId } = run;
    const following = streamSSE(c, async (stream) => {
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      for await (const item of watch(runId, gone.signal)) {
        const message = followMessage(item);
        if (message) await stream.writeSSE({ data: JSON.stringify(message) });
        if (item.kind === 'run' && isFinal(item.run.status)) gone.abort();
      }
    });
    following.headers.set('Cache-Control', 'no-store');
    return following;
  });
  app.post('/runs/:run/cancel', async (c) => {
    const field = await formOf(c);
    const run = await serviceOf(c).cancel(c.req.param('run'), whoOf(c), field('reason') || 'cancelled on the page');
    return c.redirect(runPath(run.runId), 303);
  });
  app.post('/runs/:run/tell', async (c) => {
    const field = await formOf(c);
    const [run, path] = [c.req.param('run'), runPath(c.req.param('run'))];
    const written = { text: field('text'), now: field('now') === 'yes', key: field('key').slice(0, 100) };
    try {
      await serviceOf(c).tell(run, whoOf(c), written.text, written.now, written.key || randomUUID());
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return send(c, tellAgain(c.get('page'), path, written, error), 422);
    }
    return c.redirect(`${path}#remarks`, 303);
  });
  app.post('/runs/:run/retry', async (c) => {
    await formOf(c);
    const { runId } = await serviceOf(c).retry(c.req.param('run'), policy, whoOf(c));
    return c.redirect(runPath(runId), 303);
  });
};
