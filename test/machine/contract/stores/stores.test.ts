import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PhaseReply } from '../../../../core/ports/store/phases.ts';
import type { RunPage, RunQuery } from '../../../../core/ports/store/runs.ts';
import { castVote } from '../../../../core/review/vote.ts';
import type { Gate, Vote } from '../../../../core/run/gate.ts';
import type { RunRecord } from '../../../../core/run/record.ts';
import { finalStatuses } from '../../../../core/run/status.ts';
import { removeTempFolders } from '../git-fixture.ts';
import { record, type Stores, storeAdapters } from './store-adapters.ts';

const many = <T>(n: number, make: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: n }, (_, i) => make(i)));
const outcomes = async (all: Promise<unknown>[]) =>
  (await Promise.allSettled(all)).map((one) => (one.status === 'fulfilled' ? 'ok' : String(one.reason.name)));
const tally = (names: string[]) =>
  Object.fromEntries([...new Set(names)].sort().map((n) => [n, names.filter((m) => m === n).length]));

const people = Array.from({ length: 12 }, (_, i) => `p${i}`);
const gateOf = (runId: string, more: Partial<Gate> = {}): Gate => ({
  gateId: `${runId}.review.1`,
  runId,
  taskId: 'T-1',
  kind: 'review',
  round: 1,
  head: 'h',
  title: 't',
  text: '',
  acceptable: false,
  approvers: people,
  needsPerson: false,
  requester: 'dev',
  eligible: people,
  required: 3,
  solo: false,
  revisionsLeft: 0,
  approvals: [],
  status: 'pending',
  token: 'sealed-1',
  delivered: false,
  openedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2027-01-01T00:00:00.000Z',
  version: 1,
  ...more,
});

describe.each(storeAdapters)('stores of %s', (_name, open) => {
  let stores: Stores | undefined;
  let runs: Stores['runs'];
  let ledger: Stores['ledger'];
  let gates: Stores['gates'];
  let phases: Stores['phases'];
  let admission: Stores['admission'];
  let baselines: Stores['baselines'];
  /** Of each test its own, in one set of tables. */
  let id: string;
  let tests = 0;

  beforeAll(async () => {
    const opened = await open();
    stores = opened;
    ({ runs, ledger, gates, phases, admission, baselines } = opened);
  });
  beforeEach(() => {
    tests += 1;
    id = `r-${String(tests).padStart(4, '0')}`;
  });
  afterAll(async () => {
    // Absent when opening failed, and that error is the one to show.
    await stores?.close();
    removeTempFolders();
  });

  describe('runs', () => {
    it('are claimed once, however many try (R11)', async () => {
      const tried = await outcomes(Array.from({ length: 20 }, (_, i) => runs.create(record(id, { attempt: i }))));
      expect(tally(tried)).toEqual({ AlreadyClaimed: 19, ok: 1 });
      expect((await runs.byTask(`acme/${id}`, 'T-1')).map(({ runId }) => runId)).toEqual([id]);
      expect(await runs.get('r-none')).toBeUndefined();
    });

    it('come back as they were put, without what the table adds', async () => {
      const whole = record(id, { pullRequest: { id: '1', url: 'u', draft: true }, durations: { 'plan/1': 12 } });
      await runs.create(whole);
      expect(await runs.get(id)).toEqual(whole);
    });

    it('lose no change of 20 writers at once', async () => {
      await runs.create(record(id));
      await many(20, (i) =>
        runs.update(id, (run) => ({
          ...run,
          spentMicros: run.spentMicros + 1,
          durations: { ...run.durations, [i]: i },
        })),
      );
      const after = await runs.get(id);
      expect([after?.spentMicros, Object.keys(after?.durations ?? {}).length, after?.version]).toEqual([20, 20, 21]);
    });

    it('stay as they are when the change says so, and are unknown when they are', async () => {
      await runs.create(record(id));
      const same = await runs.update(id, (run) => {
        run.spentMicros = 99;
        return undefined;
      });
      expect([same.spentMicros, (await runs.get(id))?.version]).toEqual([0, 1]);
      await expect(runs.update('r-none', (run) => run)).rejects.toMatchObject({ name: 'RunNotFound' });
    });

    it('keep their end, whoever writes late; what a phase cost still comes in', async () => {
      await runs.create(record(id, { gate: `${id}.plan.1` }));
      const error = { name: 'Cancelled', message: 'm', remedy: '' };
      await runs.update(id, ({ gate: _gate, ...run }) => ({
        ...run,
        status: 'cancelled',
        state: 'Settle',
        endedAt: '2026-01-01T00:00:00.000Z',
        error,
      }));
      await runs.update(id, ({ error: _error, ...run }) => ({
        ...run,
        status: 'running',
        state: 'Build',
        gate: `${id}.plan.1`,
        spentMicros: 7,
      }));
      const after = await runs.get(id);
      expect(after).toMatchObject({ status: 'cancelled', state: 'Settle', error, spentMicros: 7 });
      expect(after).not.toHaveProperty('gate');
    });

    it('keep each event once, oldest first', async () => {
      const event = (key: string, at: string, text: string) => ({ key, at, type: 't', text });
      await runs.append(id, event('b', '2026-01-02T00:00:00.000Z', 'second'));
      await many(5, () => runs.append(id, event('z', '2026-01-01T00:00:00.000Z', 'first')));
      await runs.append(id, event('a', '2026-01-02T00:00:00.000Z', 'also second'));
      await runs.append(id, event('b', '2026-01-09T00:00:00.000Z', 'again'));
      expect((await runs.events(id)).map(({ text }) => text)).toEqual(['first', 'also second', 'second']);
      expect(await runs.events('r-none')).toEqual([]);
    });

    it('are listed newest first, beyond one page of a megabyte', async () => {
      const big = 'x'.repeat(100_000);
      const ids = Array.from({ length: 25 }, (_, i) => `${id}-${String(i).padStart(2, '0')}`);
      await Promise.all(
        ids.map((runId, i) =>
          runs.create(record(runId, { title: big, createdAt: new Date(Date.UTC(2030, 0, 1, 0, i)).toISOString() })),
        ),
      );
      const newest = [...ids].reverse();
      expect((await runs.list(25)).map(({ runId }) => runId)).toEqual(newest);
      expect((await runs.list(3)).map(({ runId }) => runId)).toEqual(newest.slice(0, 3));
      expect((await runs.list()).length).toBeGreaterThan(25);
    });
  });

  describe('unfinished runs', () => {
    /** Of this test only: the tables are shared by all tests of a file. */
    const found = async (limit: number): Promise<string[][]> => {
      const pages: string[][] = [];
      for (let after: string | undefined, more = true; more; more = after !== undefined) {
        const page = await runs.unfinished({ limit, after });
        expect(page.runs.length).toBeLessThanOrEqual(limit);
        pages.push(page.runs.map(({ runId }) => runId).filter((runId) => runId.startsWith(`${id}-`)));
        after = page.next;
      }
      return pages;
    };
    const ended = (runId: string, status: RunRecord['status']) => runs.update(runId, (run) => ({ ...run, status }));

    it('are paged oldest first, each once, whatever their number and that of the ended ones', async () => {
      const ids = Array.from({ length: 23 }, (_, i) => `${id}-${String(i).padStart(2, '0')}`);
      // Two of each second: the time alone does not order them.
      const at = (i: number) => new Date(Date.UTC(2025, 0, 1, 0, 0, i >> 1)).toISOString();
      await Promise.all(ids.map((runId, i) => runs.create(record(runId, { createdAt: at(i) }))));
      const statuses = ['running', 'waiting', 'queued'] as const;
      await Promise.all(ids.map((runId, i) => ended(runId, statuses[i % 3] ?? 'running')));
      const gone = ids.filter((_, i) => i % 4 === 1);
      await Promise.all(gone.map((runId, i) => ended(runId, finalStatuses[i % finalStatuses.length] ?? 'failed')));
      const left = ids.filter((runId) => !gone.includes(runId));
      for (const limit of [1, 5, 1_000]) {
        const all = (await found(limit)).flat();
        expect(all.toSorted()).toEqual(left);
        expect(new Set(all.map((runId) => at(ids.indexOf(runId))))).toEqual(
          new Set(left.map((runId) => at(ids.indexOf(runId)))),
        );
        const times = all.map((runId) => at(ids.indexOf(runId)));
        expect(times).toEqual(times.toSorted());
      }
    });

    it('come back whole, and leave with their end, whoever writes after it', async () => {
      const runId = `${id}-a`;
      await runs.create(record(runId));
      expect((await found(50)).flat()).toEqual([runId]);
      const page = await runs.unfinished({ limit: 1_000 });
      expect(page.runs.find((run) => run.runId === runId)).toEqual(await runs.get(runId));
      await ended(runId, 'delivered');
      await ended(runId, 'running');
      expect((await found(50)).flat()).toEqual([]);
      expect(await runs.get(runId)).toMatchObject({ status: 'delivered' });
    });
  });

  describe('the list of runs', () => {
    const second = (i: number) => new Date(Date.UTC(2035, 0, 1, 0, 0, i >> 1)).toISOString();
    /** All pages of a query, without the runs of other tests. */
    const all = async (query: Omit<RunQuery, 'limit'>, limit = 7): Promise<string[]> => {
      const found: string[] = [];
      for (let before: string | undefined, more = true; more; more = before !== undefined) {
        const page: RunPage = await runs.page({ ...query, limit, before });
        expect(page.runs.length).toBeLessThanOrEqual(limit);
        found.push(...page.runs.map(({ runId }) => runId).filter((runId) => runId.startsWith(`${id}-`)));
        before = page.next;
      }
      return found;
    };

    it('is paged newest first, each run once, by any filter', async () => {
      const ids = Array.from({ length: 30 }, (_, i) => `${id}-${String(i).padStart(2, '0')}`);
      const facts = (i: number): Partial<RunRecord> => ({
        createdAt: second(i),
        repository: `acme/${id}-${i % 3}`,
        team: i % 2 === 0 ? `${id}-web` : `${id}-pay`,
        requester: i % 5 === 0 ? `${id}-dana` : `${id}-ben`,
        title: i === 0 ? 'Übersetze 100_% of the invoices' : 'another',
        taskId: `${id}-T${i}`,
      });
      await Promise.all(ids.map((runId, i) => runs.create(record(runId, facts(i)))));
      await Promise.all(
        ids.flatMap((runId, i) => (i % 4 === 0 ? [runs.update(runId, (run) => ({ ...run, status: 'failed' }))] : [])),
      );
      const newest = [...ids].reverse();
      const where = (admits: (i: number) => boolean) => newest.filter((runId) => admits(ids.indexOf(runId)));
      expect(await all({})).toEqual(newest);
      expect(await all({ repository: `acme/${id}-1` })).toEqual(where((i) => i % 3 === 1));
      expect(await all({ team: `${id}-web` }, 1)).toEqual(where((i) => i % 2 === 0));
      expect(await all({ by: `${id}-dana`, team: `${id}-pay` })).toEqual(where((i) => i % 5 === 0 && i % 2 === 1));
      expect(await all({ statuses: ['failed'] })).toEqual(where((i) => i % 4 === 0));
      expect(await all({ statuses: ['running'], team: `${id}-web` })).toEqual(where((i) => i % 4 === 2));
      expect(await all({ statuses: ['running', 'waiting'] })).toEqual(where((i) => i % 4 !== 0));
      // Case, and characters that a pattern would give a meaning.
      expect(await all({ text: 'üBERSETZE 100_%' })).toEqual([ids[0]]);
      expect(await all({ text: 'x%' })).toEqual([]);
      expect(await all({ text: `${id}-T7` })).toEqual([ids[7]]);
      expect(await all({ scope: { teams: [`${id}-pay`], person: `${id}-dana` } })).toEqual(
        where((i) => i % 2 === 1 || i % 5 === 0),
      );
      expect(await all({ scope: { teams: [], person: `${id}-dana` } })).toEqual(where((i) => i % 5 === 0));
    });

    it('leaves out the parts of a campaign, unless they are asked for', async () => {
      const at = new Date(Date.UTC(2036, 0, 1)).toISOString();
      await runs.create(record(`${id}-whole`, { createdAt: at }));
      const parent = { runId: `${id}-whole`, part: 'a', round: 1 };
      await runs.create(record(`${id}-part`, { parent, createdAt: at }));
      expect(await all({ text: `${id}-` })).toEqual([`${id}-whole`]);
      expect(await all({ statuses: ['running'] })).toEqual([`${id}-whole`]);
      expect((await all({ statuses: ['running'], parts: true })).sort()).toEqual([`${id}-part`, `${id}-whole`]);
    });

    it('has the records themselves, with their newest state', async () => {
      await runs.create(record(`${id}-a`, { team: `${id}-only` }));
      await runs.update(`${id}-a`, (run) => ({ ...run, status: 'waiting', state: 'PlanGate', spentMicros: 7 }));
      const page = await runs.page({ team: `${id}-only`, limit: 5 });
      expect(page.runs).toEqual([await runs.get(`${id}-a`)]);
      expect(page.next).toBeUndefined();
    });
  });

  describe('budget (R28)', () => {
    const sprint = '2026-01-01';
    const reserve = (n: number | string, capMicros: number, limitMicros: number) =>
      ledger.reserve({ runId: `run-${n}`, taskId: 'T', team: id, sprint, capMicros, limitMicros });
    const view = () => ledger.budget(id, sprint);

    it('is never exceeded by 50 reservations at once', async () => {
      const tried = await outcomes(Array.from({ length: 50 }, (_, i) => reserve(i, 7, 100)));
      expect(tally(tried)).toEqual({ BudgetExceeded: 36, ok: 14 });
      const after = await view();
      expect([after?.committedMicros, after?.limitMicros, after?.runs.length]).toEqual([98, 100, 14]);
    });

    it('takes a reservation once per run, however often it is asked for', async () => {
      await many(10, () => reserve('same', 60, 100));
      expect((await view())?.committedMicros).toBe(60);
    });

    it('takes exactly the limit, and not a micro more', async () => {
      await reserve(1, 100, 100);
      await expect(reserve(2, 1, 100)).rejects.toMatchObject({
        name: 'BudgetExceeded',
        message: expect.stringContaining('$0.00 of'),
      });
      await expect(reserve(3, 1_000, 100)).rejects.toMatchObject({ name: 'BudgetExceeded' });
    });

    it('goes by a changed limit, and stays within it while it changes', async () => {
      await reserve(1, 90, 100);
      await expect(reserve(2, 20, 100)).rejects.toMatchObject({ name: 'BudgetExceeded' });
      await reserve(2, 20, 200);
      await expect(reserve(3, 1, 50)).rejects.toMatchObject({ name: 'BudgetExceeded' });
      const tried = await outcomes(Array.from({ length: 30 }, (_, i) => reserve(`m${i}`, 10, i < 15 ? 150 : 160)));
      const after = await view();
      expect(after?.committedMicros).toBe(110 + 10 * tried.filter((one) => one === 'ok').length);
      expect(after?.committedMicros).toBeLessThanOrEqual(160);
      expect(tried.every((one) => ['ok', 'BudgetExceeded', 'Conflict'].includes(one))).toBe(true);
    });

    it('is settled once, also by several at once, and only where something is reserved', async () => {
      await reserve(1, 90, 100);
      const settle = (n: number, spentMicros: number) =>
        ledger.settle({ runId: `run-${n}`, team: id, sprint, spentMicros });
      await many(10, (i) => settle(1, i === 0 ? 30 : 30));
      await settle(1, 99);
      await settle(2, 50);
      expect(await view()).toMatchObject({
        committedMicros: 30,
        settledMicros: 30,
        runs: [{ runId: 'run-1', reservedMicros: 90, settledMicros: 30 }],
      });
      await reserve(1, 90, 100);
      expect((await view())?.committedMicros).toBe(30);
      await reserve(3, 70, 100);
    });

    it('is the sum of what is settled and what is reserved, whatever happens at once', async () => {
      await Promise.allSettled(
        Array.from({ length: 40 }, async (_, i) => {
          await reserve(i, 10 + (i % 5), 300);
          if (i % 3 === 0) await ledger.settle({ runId: `run-${i}`, team: id, sprint, spentMicros: i % 7 });
        }),
      );
      const after = await view();
      const sum = after?.runs.reduce((total, run) => total + (run.settledMicros ?? run.reservedMicros), 0);
      expect(after?.committedMicros).toBe(sum);
      expect(await ledger.sums(id, sprint)).toEqual({ limitMicros: 300, committedMicros: sum });
      expect(await ledger.budget('nobody', sprint)).toBeUndefined();
      expect(await ledger.sums('nobody', sprint)).toBeUndefined();
    });
  });

  describe('calls, slots, queue and switch', () => {
    it('records each call once (R27)', async () => {
      const call = (n: number) => ({
        id: `c${n}`,
        provider: 'p',
        model: 'm',
        kind: 'k',
        inputTokens: 1,
        outputTokens: 1,
        cachedTokens: 0,
        usdMicros: n,
        state: 'settled' as const,
      });
      await many(3, () => ledger.recordCalls(id, [call(1), call(2)]));
      expect(await ledger.calls(id)).toEqual([call(1), call(2)]);
    });

    it('gives out no more slots than there are (R43)', async () => {
      const got = await many(20, (i) => admission.acquireSlot(id, `run-${i}`, 4));
      expect(got.filter(Boolean)).toHaveLength(4);
      const held = await admission.slotHolders(id);
      expect(held).toHaveLength(4);
      expect(await admission.acquireSlot(id, held[0] ?? '', 4)).toBe(true);
      await many(3, () => admission.releaseSlot(id, held[0] ?? ''));
      expect(await admission.acquireSlot(id, 'next', 4)).toBe(true);
      expect(await admission.acquireSlot(id, 'one more', 4)).toBe(false);
      for (const holder of await admission.slotHolders(id)) await admission.releaseSlot(id, holder);
      expect(await admission.slotHolders(id)).toEqual([]);
      expect(await admission.acquireSlot(id, 'again', 4)).toBe(true);
    });

    it('gives out no more slots than all scopes may have, and takes both in one write (F8)', async () => {
      const before = await admission.slotsTaken();
      const total = before + 5;
      const got = await many(20, (i) => admission.acquireSlot(`${id}-${i % 4}`, `run-${i}`, 3, total));
      expect(got.filter(Boolean)).toHaveLength(5);
      expect(await admission.slotsTaken()).toBe(total);
      // Whose slots these are is known without a queue in their scope.
      const counted = (await admission.countedScopes()).filter((scope) => scope.startsWith(`${id}-`));
      const holding = await Promise.all(counted.map(async (scope) => (await admission.slotHolders(scope)).length));
      expect(holding.reduce((all, each) => all + each, 0)).toBe(5);
      const held = await Promise.all([0, 1, 2, 3].map((i) => admission.slotHolders(`${id}-${i}`)));
      // Who was refused by the limit over all scopes holds no slot of its own scope either.
      expect(held.flat()).toHaveLength(5);
      const at = held.findIndex((holders) => holders.length > 0);
      const [scope, holder] = [`${id}-${at}`, held[at]?.[0] ?? ''];
      expect(await admission.acquireSlot(scope, holder, 3, total)).toBe(true);
      expect(await admission.slotsTaken()).toBe(total);
      await many(5, () => admission.releaseSlot(scope, holder));
      expect(await admission.slotsTaken()).toBe(total - 1);
      expect(await admission.acquireSlot(`${id}-x`, 'next', 3, total)).toBe(true);
      expect(await admission.acquireSlot(`${id}-x`, 'one more', 3, total)).toBe(false);
      expect(await admission.acquireSlot(`${id}-x`, 'one more', 1, total + 9)).toBe(false);
      for (const [i, holders] of held.entries())
        for (const each of holders) await admission.releaseSlot(`${id}-${i}`, each);
      await admission.releaseSlot(`${id}-x`, 'next');
      expect(await admission.slotsTaken()).toBe(before);
    });

    it('queues each run once, in the order of its time (R43)', async () => {
      await many(10, (i) => admission.enqueue(id, 'b', `2026-01-01T00:00:0${i}.000Z`));
      await admission.enqueue(id, 'c', '2026-01-03T00:00:00.000Z');
      await admission.enqueue(id, 'a', '2026-01-02T00:00:00.000Z');
      expect(await admission.queue(id)).toEqual(['b', 'a', 'c']);
      await admission.enqueue(id, 'c', '2025-01-01T00:00:00.000Z');
      await admission.dequeue(id, 'b');
      await admission.dequeue(id, 'b');
      expect(await admission.queue(id)).toEqual(['a', 'c']);
    });

    it('remembers a green baseline with the run it was green in; the first one stands (R14)', async () => {
      const [key, other] = ['a'.repeat(64), 'b'.repeat(64)];
      expect(await baselines.find(key)).toBeUndefined();
      await baselines.remember(key, 'run-1');
      await baselines.remember(key, 'run-2');
      expect(await baselines.find(key)).toBe('run-1');
      expect(await baselines.find(other)).toBeUndefined();
    });

    it('pauses and resumes admission (R43)', async () => {
      expect(await admission.paused()).toBe(false);
      await admission.setPaused(true, 'lead');
      expect(await admission.paused()).toBe(true);
      await admission.setPaused(false, 'lead');
      expect(await admission.paused()).toBe(false);
    });
  });

  describe('gates (R24)', () => {
    const ballot = (person: string, choice: Vote['choice'] = 'approve'): Vote => ({
      person,
      choice,
      text: '',
      head: 'h',
      at: '2026-02-01T00:00:00.000Z',
      late: false,
    });
    /** As a command votes: read, cast, write, again when somebody was faster. */
    async function vote(gateId: string, cast: Vote): Promise<'decided' | 'counted'> {
      for (;;) {
        const gate = await gates.get(gateId);
        if (!gate) throw new Error('no gate');
        const decision = castVote(gate, cast);
        if (await gates.vote(gate, cast, decision)) return decision ? 'decided' : 'counted';
      }
    }

    it('are opened once; a second opening brings a new token only', async () => {
      const gate = gateOf(id);
      expect(await gates.open(gate)).toEqual(gate);
      await vote(gate.gateId, ballot('p1'));
      const again = await gates.open(gateOf(id, { token: 'sealed-2', title: 'other' }));
      expect(again).toMatchObject({ token: 'sealed-2', title: 't', approvals: ['p1'], version: 2 });
      expect(await gates.byRun(id)).toEqual([again]);
    });

    it('opened again, have a decision that went to the earlier token delivered to the new one', async () => {
      await gates.open(gateOf(id, { required: 1 }));
      const gateId = `${id}.review.1`;
      await vote(gateId, ballot('p1'));
      await gates.markDelivered(gateId);
      expect((await gates.get(gateId))?.delivered).toBe(true);
      expect(await gates.open(gateOf(id, { token: 'sealed-2' }))).toMatchObject({
        status: 'decided',
        delivered: false,
      });
    });

    it('are decided by exactly one of many votes at once, with exactly the quorum', async () => {
      await gates.open(gateOf(id));
      const cast = await Promise.allSettled(people.map((person) => vote(`${id}.review.1`, ballot(person))));
      const names = cast.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason.name)));
      expect(tally(names)).toEqual({ GateClosed: 9, counted: 2, decided: 1 });
      const gate = await gates.get(`${id}.review.1`);
      expect([gate?.status, gate?.decision?.outcome, gate?.decision?.by.length, gate?.version]).toEqual([
        'decided',
        'approved',
        3,
        4,
      ]);
      expect((await gates.votes(`${id}.review.1`)).map(({ person }) => person).sort()).toEqual(
        [...(gate?.approvals ?? [])].sort(),
      );
    });

    it('keep every vote whole, however long its text is', async () => {
      await gates.open(gateOf(id));
      const texts = ['', 'x'.repeat(1_500), 'ü'.repeat(65_536)];
      for (const [i, text] of texts.entries()) await vote(`${id}.review.1`, { ...ballot(`p${i}`), text });
      expect((await gates.votes(`${id}.review.1`)).map(({ text }) => text)).toEqual(texts);
      const gate = await gates.get(`${id}.review.1`);
      expect(gate).toEqual({
        ...gateOf(id, { status: 'decided', version: 4, approvals: ['p0', 'p1', 'p2'] }),
        decision: expect.objectContaining({ outcome: 'approved', by: ['p0', 'p1', 'p2'] }),
      });
      expect(await gates.byRun(id)).toEqual([gate]);
    });

    it('count a person once, also at two hosts at once', async () => {
      await gates.open(gateOf(id));
      const names = await outcomes([1, 2, 3, 4].map(() => vote(`${id}.review.1`, ballot('p1'))));
      expect(tally(names)).toEqual({ VoteRefused: 3, ok: 1 });
      expect((await gates.get(`${id}.review.1`))?.approvals).toEqual(['p1']);
    });

    it('are decided once without a vote, and not after one', async () => {
      await gates.open(gateOf(id, { required: 1 }));
      const decision = { outcome: 'expired' as const, by: ['clock'], text: '', at: '2026-02-01T00:00:00.000Z' };
      const decided = await many(5, () => gates.decide(`${id}.review.1`, decision));
      expect(decided.filter(Boolean)).toHaveLength(1);
      const gate = gateOf(id);
      expect(await gates.vote(gate, ballot('p1'), undefined)).toBe(false);
      expect(await gates.votes(`${id}.review.1`)).toEqual([]);
      expect(await gates.decide('r-none.review.1', decision)).toBe(false);
    });

    it('keep late votes apart, and gates whose numbers begin alike', async () => {
      await gates.open(gateOf(id));
      await gates.open(gateOf(id, { gateId: `${id}.review.10`, round: 10 }));
      await vote(`${id}.review.10`, ballot('p2'));
      await gates.recordLate(`${id}.review.1`, { ...ballot('p1'), late: true });
      expect(await gates.votes(`${id}.review.1`)).toEqual([]);
      expect(await gates.byRun(id)).toHaveLength(2);
    });

    it('are read many at once, those that exist', async () => {
      const ids = Array.from({ length: 120 }, (_, i) => `${id}.review.${i + 1}`);
      await Promise.all(ids.map((gateId, i) => gates.open(gateOf(id, { gateId, round: i + 1 }))));
      const found = await gates.many([...ids, `${id}.review.999`, ids[0] ?? '']);
      expect(found.map(({ gateId }) => gateId).toSorted()).toEqual(ids.toSorted());
      expect(found.find(({ round }) => round === 7)).toEqual(gateOf(id, { gateId: `${id}.review.7`, round: 7 }));
      expect(await gates.many([])).toEqual([]);
    });

    it('are delivered where there are any', async () => {
      await gates.open(gateOf(id));
      await gates.markDelivered(`${id}.review.1`);
      await gates.markDelivered(`${id}.review.2`);
      expect((await gates.byRun(id)).map(({ gateId, delivered }) => [gateId, delivered])).toEqual([
        [`${id}.review.1`, true],
      ]);
    });
  });

  describe('phases', () => {
    const answer: PhaseReply = { output: { outcome: 'built' }, patch: {} };
    const launch = (token: string) =>
      phases.launch({ phaseId: `${id}/build/1`, runId: id, token, request: { runId: id, phase: 'build', round: 1 } });

    it('count their tries, and the newest token wins (R12)', async () => {
      expect(await launch('t1')).toMatchObject({ attempt: 1, token: 't1', status: 'launched', delivered: false });
      expect(await launch('t2')).toMatchObject({ attempt: 2, token: 't2', status: 'launched' });
      const attempt = (await many(5, (i) => launch(`t${i}`))).map((phase) => phase.attempt);
      expect(Math.max(...attempt)).toBe(7);
      expect(await phases.byRun(id)).toHaveLength(1);
    });

    it('take one answer, of the current try only', async () => {
      await launch('t1');
      await launch('t2');
      expect(await phases.end(`${id}/build/1`, 1, answer)).toBe(false);
      const ended = await many(5, () => phases.end(`${id}/build/1`, 2, answer));
      expect(ended.filter(Boolean)).toHaveLength(1);
      expect(await phases.end('r-none/build/1', 1, answer)).toBe(false);
      expect(await phases.get('r-none/build/1')).toBeUndefined();
    });

    it('keep their answer when launched again before it was delivered, and begin anew after', async () => {
      await launch('t1');
      await phases.end(`${id}/build/1`, 1, answer);
      expect(await launch('t2')).toMatchObject({ attempt: 1, token: 't2', status: 'ended', answer, delivered: false });
      await phases.markDelivered(`${id}/build/1`);
      const next = await launch('t3');
      expect(next).toMatchObject({ attempt: 2, token: 't3', status: 'launched', delivered: false });
      expect(next.answer).toBeUndefined();
    });

    it('are not taken for delivered by somebody who comes late, nor made up', async () => {
      await launch('t1');
      await phases.markDelivered(`${id}/build/1`);
      await phases.markDelivered(`${id}/build/2`);
      expect((await phases.byRun(id)).map(({ phaseId, delivered }) => [phaseId, delivered])).toEqual([
        [`${id}/build/1`, false],
      ]);
    });
  });
});
