import type { Context, Hono } from 'hono';
import { type AuditLine, auditCsv, auditJsonLines } from '../../core/audit/line.ts';
import { defined } from '../../core/defined.ts';
import type { AuditQuery } from '../../pipeline/audit/search.ts';
import { type AuditFilter, auditPage } from '../pages/audit.ts';
import type { WebEnv } from '../security/request-guard.ts';
import { type Routes, send } from './routes.ts';

/** The audit across runs, as a page and as files, and the check of its chains. */
export const auditRoutes: Routes = (app: Hono<WebEnv>, { serviceOf }): void => {
  app.get('/audit', async (c) => {
    const service = serviceOf(c);
    const filter = filterOf(c);
    const found = await service.auditLines(null, queryOf(filter));
    const check = c.req.query('check') === 'yes' ? await service.verifyAudit(null) : null;
    return send(c, auditPage(c.get('page'), found, filter, check));
  });

  const file = (name: string, type: string, text: (lines: AuditLine[]) => string): void => {
    app.get(`/${name}`, async (c) => {
      const { lines } = await serviceOf(c).auditLines(null, queryOf(filterOf(c)));
      return c.body(text(lines), 200, {
        'Content-Type': `${type}; charset=utf-8`,
        'Content-Disposition': `attachment; filename="${name}"`,
      });
    });
  };
  file('audit.csv', 'text/csv', auditCsv);
  file('audit.jsonl', 'application/x-ndjson', auditJsonLines);
};

const filterOf = (c: Context): AuditFilter => {
  const given = (name: string): string => (c.req.query(name) ?? '').trim().slice(0, 200);
  return {
    ...{ who: given('who'), what: given('what'), path: given('path') },
    ...{ since: given('since'), until: given('until'), q: given('q'), before: given('before') },
  };
};

/** A filter of a link; one that cannot be read admits all. */
function queryOf({ who, what, path, since, until, q, before }: AuditFilter): AuditQuery {
  const given = (text: string): string | undefined => (text === '' ? undefined : text);
  const moment = (text: string): string | undefined =>
    /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : undefined;
  return defined({
    ...{ who: given(who), what: given(what), path: given(path), text: given(q), before: given(before) },
    ...{ since: moment(since), until: moment(until) },
  });
}
