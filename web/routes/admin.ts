import type { Hono } from 'hono';
import { DrydockError } from '../../core/errors.ts';
import { approversOf, operatorsOf, personOf } from '../../core/policy/people.ts';
import { mustOperate } from '../../core/review/may-act.ts';
import { readScope } from '../../core/review/readers.ts';
import { runPath } from '../html/markup.ts';
import { budgetPage, budgetRows } from '../pages/budget.ts';
import { memoryPage } from '../pages/memory.ts';
import { outboxPage } from '../pages/outbox.ts';
import { repositoriesPage } from '../pages/repositories.ts';
import { settingsPage } from '../pages/settings.ts';
import { formOf, type WebEnv } from '../security/request-guard.ts';
import { type Routes, send } from './routes.ts';

/** Money, repositories, the audit across runs, messages and settings. */
export const adminRoutes: Routes = (app: Hono<WebEnv>, { options, serviceOf, whoOf }): void => {
  const { policy, outbox } = options;
  const budgets = async (service: ReturnType<typeof serviceOf>) =>
    (await Promise.all(Object.keys(policy.budgets).map((team) => service.budget(team, policy)))).filter(
      (budget) => budget !== null,
    );

  app.get('/budget', async (c) => {
    const service = serviceOf(c);
    const found = await budgets(service);
    const runs = await Promise.all(found.map(({ team }) => service.page({ team, limit: 100 })));
    return send(
      c,
      budgetPage(
        c.get('page'),
        found,
        runs.flatMap(({ items }) => items),
      ),
    );
  });
  app.get('/budget.csv', async (c) =>
    c.body(budgetRows(await budgets(serviceOf(c))), 200, {
      'Content-Type': 'text/csv; charset=utf-8',
      'Content-Disposition': 'attachment; filename="budget.csv"',
    }),
  );

  app.get('/repositories', async (c) => {
    const service = serviceOf(c);
    const names = Object.keys(policy.repositories);
    const lists = await Promise.all(names.map((repository) => service.page({ repository, limit: 20 })));
    return send(
      c,
      repositoriesPage(
        c.get('page'),
        names.map((name, i) => ({ name, items: lists[i]?.items ?? [], counts: lists[i]?.counts ?? null })),
      ),
    );
  });

  /** Whether a person may see a repository and ask for tasks in it. */
  const ofTeam = (who: string, repository: string): boolean => {
    const scope = readScope(policy, who);
    return scope === undefined || scope.teams.includes(policy.repositories[repository]?.team ?? '');
  };

  app.get('/repositories/memory', async (c) => {
    const repository = c.req.query('repo') ?? '';
    if (!Object.hasOwn(policy.repositories, repository) || !ofTeam(whoOf(c), repository))
      throw new DrydockError('RunNotFound', `There is no repository ${JSON.stringify(repository.slice(0, 200))}.`);
    return send(c, memoryPage(c.get('page'), repository, await serviceOf(c).memory(repository, policy)));
  });

  app.post('/repositories/draft', async (c) => {
    const field = await formOf(c);
    const repository = field('repository');
    const who = whoOf(c);
    if (!ofTeam(who, repository))
      throw new DrydockError('VoteRefused', `${who} may not ask for tasks in ${JSON.stringify(repository)}.`);
    const request = { text: field('text'), repository, policy, requester: personOf(policy, who) ?? who };
    const { runId } = await serviceOf(c).draft({ ...request, assume: field('assume') === 'yes' });
    return c.redirect(runPath(runId), 303);
  });

  app.get('/settings', async (c) => send(c, settingsPage(c.get('page'), await serviceOf(c).pausedBy())));
  app.post('/settings/test-message', async (c) => {
    const field = await formOf(c);
    const who = whoOf(c);
    const person = personOf(policy, who) ?? who;
    const operators = operatorsOf(policy);
    // Where the policy names no operators, its approvers are in their place.
    mustOperate(
      person,
      { approvers: operators.length > 0 ? [] : approversOf(policy), operators },
      'send test messages',
    );
    const tested = await options.testChannel?.(field('channel'), person);
    return send(c, settingsPage(c.get('page'), await serviceOf(c).pausedBy(), tested), tested?.ok ? 200 : 422);
  });
  app.post('/pause', async (c) => {
    const field = await formOf(c);
    await serviceOf(c).pause(field('paused') === 'yes', whoOf(c), policy, field('reason'));
    return c.redirect('/settings', 303);
  });
  if (outbox)
    app.get('/outbox', async (c) => {
      // A reader sees what was sent to them; other messages are about runs that they may not see.
      const scope = readScope(policy, whoOf(c));
      const [sent, { items }] = await Promise.all([outbox(), serviceOf(c).inbox()]);
      const open = new Set(items.flatMap(({ gate }) => gate?.gateId ?? []));
      const shown = scope ? sent.filter(({ notice }) => notice.to.includes(scope.person)) : sent;
      return send(c, outboxPage(c.get('page'), shown, open));
    });
};
