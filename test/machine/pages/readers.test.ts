import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readScope } from '../../../core/review/readers.ts';
import type { Service } from '../../../pipeline/service/service.ts';
import { followRun, policyOf, submit } from '../../support/world.ts';
import { createSite, type Site } from './site.ts';

/** A run of team checkout, and two readers: one of that team, one of another. */
let site: Site;
let runId: string;
const gate = (): string => `${runId}.plan.1`;

const teams = {
  people: { lead: {}, second: {}, near: { teams: ['checkout'] }, far: { teams: ['search'] } },
  readers: ['near', 'far'],
  review: { approvers: ['lead', 'second'] },
  repositories: { 'acme/calc': { host: 'git', url: './repo', team: 'checkout' } },
  budgets: { checkout: { sprint_starts: '2026-11-16', sprint_days: 14, limit_usd: 60 } },
};

beforeAll(async () => {
  site = await createSite(undefined, teams);
  runId = (await submit(site.world, site.serverProcess)).runId;
  await followRun(site.serverProcess, runId, false);
});
afterAll(() => site.close());

describe('R24 a reader sees the runs of their teams only', () => {
  const routes = [
    ...['', '/plan', '/change', '/evidence', '/activity', '/cost', '/audit', '/audit.json'].map(
      (part) => `/runs/RUN${part}`,
    ),
    '/gates/GATE',
    '/repositories/memory?repo=acme/calc',
  ];
  test.each(routes)('%s', async (route) => {
    const path = route.replace('RUN', runId).replace('GATE', gate());
    for (const [who, status] of [
      ['lead', 200],
      ['near', 200],
      ['far', 404],
    ] as const) {
      const answer = await fetch(`${await site.as(who)}${path}`);
      expect([who, answer.status]).toEqual([who, status]);
      if (status === 404) expect(await answer.text()).not.toContain('FIX-1');
    }
  });

  test.each([
    '/?all=1',
    '/runs',
    '/runs?q=fix',
    '/runs?state=waiting',
    '/repositories',
    '/audit',
    '/budget',
    '/budget.csv',
    '/outbox',
  ])('%s names no run of another team', async (path) => {
    expect(await (await fetch(`${await site.as('far')}${path}`)).text()).not.toContain('FIX-1');
    if (path !== '/outbox') expect(await (await fetch(`${await site.as('near')}${path}`)).text()).toContain('FIX-1');
  });

  test('follow and votes', async () => {
    const far = await site.as('far');
    expect((await fetch(`${far}/runs/${runId}/follow`)).status).toBe(404);
    const page = await fetch(`${far}/settings`);
    const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? '';
    const cookie = (page.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    for (const [path, fields] of [
      [`/gates/${gate()}`, { choice: 'approve', head: 'x' }],
      [`/gates/${gate()}/read`, { mark: 'aaaaaaaa', read: 'yes' }],
      [`/runs/${runId}/cancel`, { reason: 'x' }],
      [`/runs/${runId}/retry`, {}],
    ] as const) {
      const answer = await fetch(`${far}${path}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie, origin: far, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ csrf, ...fields }).toString(),
      });
      expect([path, answer.status]).toEqual([path, 404]);
    }
    const asked = await fetch(`${far}/repositories/draft`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, origin: far, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ csrf, repository: 'acme/calc', text: 'Make add add.' }).toString(),
    });
    expect(asked.status).toBe(403);
    expect((await site.serverProcess.service.list()).filter(({ kind }) => kind === 'draft')).toEqual([]);
    expect((await site.serverProcess.service.run(runId)).status).toBe('waiting');
  });

  test('every method of the service that names a run or a gate, and every list', async () => {
    const policy = policyOf(site.world);
    const far = site.serverProcess.serviceFor(readScope(policy, 'far'));
    const vote = { gate: gate(), who: 'far', choice: 'approve', text: '' } as const;
    const refused: Partial<Record<keyof Service, () => Promise<unknown>>> = {
      run: () => far.run(runId),
      ended: () => far.ended(runId),
      detail: () => far.detail(runId),
      change: () => far.change(runId),
      gate: () => far.gate(gate()),
      gatesOf: () => far.gatesOf(runId),
      vote: () => far.vote(vote),
      needsPerson: () => far.needsPerson(gate()),
      cancel: () => far.cancel('FIX-1', 'far', 'x'),
      tell: () => far.tell(runId, 'far', 'x', false, 'key'),
      retry: () => far.retry('FIX-1', policy, 'far'),
      egress: () => far.egress(runId),
      traffic: () => far.traffic(runId),
      audit: () => far.audit(runId),
      evidence: () => far.evidence(runId),
      activity: () => far.activity(runId),
      host: () => far.host(runId),
      diff: () => far.diff(runId.slice(0, 12)),
    };
    for (const [name, call] of Object.entries(refused))
      await expect(call(), name).rejects.toMatchObject({ name: expect.stringMatching(/^(?:Run|Gate)NotFound$/) });
    const empty: Partial<Record<keyof Service, () => Promise<unknown>>> = {
      list: () => far.list(),
      page: async () => (await far.page({ limit: 10 })).items,
      inbox: async () => (await far.inbox()).items,
      runbookUses: () => far.runbookUses('acme/calc', 'any'),
      lessonStats: async () => await far.lessonStats('acme/calc', []),
      auditLines: async () => (await far.auditLines(null, {})).lines,
      verifyAudit: async () => (await far.verifyAudit(null)).broken,
      unfinished: async () => (await far.unfinished()).runs,
      budget: async () => ((await far.budget('checkout', policy)) === null ? [] : ['a budget']),
    };
    for (const [name, call] of Object.entries(empty)) expect([name, await call()]).toEqual([name, []]);
    // These show no run, or start one.
    const others = [
      'submit',
      'draft',
      'split',
      'propose',
      'memory',
      'estimate',
      'pause',
      'paused',
      'pausedBy',
      'why',
      'idle',
    ];
    expect([...Object.keys(refused), ...Object.keys(empty), ...others].sort()).toEqual(Object.keys(far).sort());
  });

  test('an own run that waits for a slot does not name the runs of another team that hold them', async () => {
    const { world, serverProcess } = site;
    world.policy({ ...teams, limits: { concurrent_runs: 1 } });
    const own = await submit(world, serverProcess, { requester: 'far', spec: { task_id: 'OWN-1' } });
    const slots = async (service: Service) =>
      (await service.gatesOf(own.runId)).filter(({ kind }) => kind === 'slot').map(({ text }) => text);
    await expect.poll(() => slots(serverProcess.service)).toEqual([runId]);
    const far = serverProcess.serviceFor(readScope(policyOf(world), 'far'));
    expect(await slots(far)).toEqual(['']);
    expect(JSON.stringify(await far.audit(own.runId))).not.toContain(runId);
    await serverProcess.service.cancel(own.runId, 'lead', 'x');
  });

  test('an estimate tells nothing of the budget of another team', async () => {
    const { world, serverProcess } = site;
    const policy = policyOf(world);
    const budgetOf = async (who: string) => {
      const service = serverProcess.serviceFor(readScope(policy, who));
      return (await service.estimate({ ...world.spec(), policy, requester: who })).budget?.team ?? null;
    };
    expect([await budgetOf('lead'), await budgetOf('near'), await budgetOf('far')]).toEqual([
      'checkout',
      'checkout',
      null,
    ]);
  });
});
