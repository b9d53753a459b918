import type { Hono } from 'hono';
import { maxSearch } from '../../core/listing/entry.ts';
import { needsPage } from '../lists/needs.ts';
import { type RunsFilter, runsPage, statusesOf } from '../lists/runs.ts';
import type { WebEnv } from '../security/request-guard.ts';
import { type Routes, send } from './routes.ts';

const pageSize = 50;

/** What waits for a person, and the list of runs. */
export const listRoutes: Routes = (app: Hono<WebEnv>, { serviceOf }): void => {
  app.get('/', async (c) => {
    const service = serviceOf(c);
    const { items, more } = await service.inbox();
    const all = c.req.query('all') === '1';
    const last = items.length === 0 ? (await service.page({ limit: 1 })).items[0] : undefined;
    return send(c, needsPage(c.get('page'), { items, more, all, last }));
  });

  app.get('/runs', async (c) => {
    const given = (name: string): string => (c.req.query(name) ?? '').trim().slice(0, maxSearch);
    const filter: RunsFilter = {
      repo: given('repo'),
      team: given('team'),
      // The name of this filter until version 0.1.0.
      state: given('state') || given('status'),
      by: given('by'),
      q: given('q'),
      before: given('before'),
    };
    const service = serviceOf(c);
    const wanted = (value: string): string | undefined => (value === '' ? undefined : value);
    const [list, paused] = await Promise.all([
      service.page({
        repository: wanted(filter.repo),
        team: wanted(filter.team),
        by: wanted(filter.by),
        text: wanted(filter.q),
        statuses: statusesOf(filter.state),
        before: wanted(filter.before),
        limit: pageSize,
      }),
      service.paused(),
    ]);
    return send(c, runsPage(c.get('page'), list, filter, paused));
  });
};
