/** What one damaged or slow run, or a slot that nobody frees, does to the runs that wait for a slot: nothing. */
import { expect, test } from 'vitest';
import { DrydockError } from '../../../../core/errors.ts';
import { wakeNext } from '../../../../pipeline/admission/admission.ts';
import type { Deps } from '../../../../pipeline/deps.ts';
import { repair } from '../../../../pipeline/reconcile/reconcile.ts';
import type { Survey } from '../../../../pipeline/reconcile/survey.ts';

type Run = { runId: string; repository: string; status: string; createdAt: string };
const damaged = new DrydockError('RecordUnreadable', 'another version wrote it');
const run = (runId: string, repository: string, status = 'queued'): Run => ({
  ...{ runId, repository, status, createdAt: `2026-01-01T00:00:00.${runId.slice(2).padStart(3, '0')}Z` },
});
const scopeOf = (repository: string): string => `repository#${repository}`;

/** @param runs Those whose record can be read. @param total The limit over all repositories. */
function world(runs: Run[], { own = 1, total = 9 }: { own?: number; total?: number } = {}) {
  const holders = new Map<string, string[]>();
  const queues = new Map<string, string[]>();
  const woken: string[] = [];
  const slot = (runId: string) => ({ gateId: `${runId}.slot.1`, runId, kind: 'slot', status: 'pending' });
  const deps = {
    clock: { now: () => 0 },
    runs: {
      async get(runId: string) {
        if (runId.startsWith('x-')) throw damaged;
        return runs.find((each) => each.runId === runId);
      },
    },
    gates: {
      byRun: async (runId: string) => [slot(runId)],
      decide: async (gateId: string) => void woken.push(gateId),
      get: async () => undefined,
    },
    // Without a task, a queued run has no limits of its own.
    artifacts: {
      async get() {
        throw damaged;
      },
    },
    admission: {
      paused: async () => false,
      queue: async (scope: string) => [...(queues.get(scope) ?? [])],
      async dequeue(scope: string, runId: string) {
        queues.set(
          scope,
          (queues.get(scope) ?? []).filter((each) => each !== runId),
        );
      },
      slotHolders: async (scope: string) => [...(holders.get(scope) ?? [])],
      async releaseSlot(scope: string, runId: string) {
        holders.set(
          scope,
          (holders.get(scope) ?? []).filter((each) => each !== runId),
        );
      },
      countedScopes: async () => [...holders.keys()],
      slotsTaken: async () => [...holders.values()].flat().length,
    },
    executions: { describe: () => new Promise(() => undefined) },
  } as unknown as Deps;
  const task = { limits: { concurrentRuns: own, concurrentRunsTotal: total } } as Parameters<typeof wakeNext>[2];
  return { deps, holders, queues, woken, task };
}

const surveyOf = (queued: Run[], more: Partial<Survey> = {}): Survey => ({
  unfinished: new Set(queued.map(({ runId }) => runId)),
  ...{ suspects: [], ci: [], reminders: [], unreadable: [], oldestWaitMs: 0 },
  queues: new Set(queued.map(({ repository }) => scopeOf(repository))),
  ...more,
});
const cursor = { read: async () => undefined, write: async () => undefined };

test('a queued run that cannot be read wakes nobody up and holds up nobody: it stays in its queues', async () => {
  const [ended, next] = [run('r-1', 'acme/a', 'running'), run('r-3', 'acme/b')];
  const { deps, queues, woken, task } = world([ended, next]);
  queues.set(scopeOf('acme/a'), ['x-2']).set('all', ['x-2', 'r-3']);
  await wakeNext(deps, ended as never, task);
  expect(woken).toEqual(['r-3.slot.1']);
  expect(queues.get('all')).toEqual(['x-2']);
});

test('a holder that cannot be read keeps its slot, and the queue of its scope goes on', async () => {
  const next = run('r-3', 'acme/a');
  const { deps, holders, queues, woken } = world([next, run('r-2', 'acme/a', 'delivered')], { own: 2 });
  holders.set(scopeOf('acme/a'), ['x-1', 'r-2']);
  queues.set(scopeOf('acme/a'), ['r-3']);
  const { found } = await repair(deps, surveyOf([next]), cursor, 1);
  expect(found).toEqual([{ runId: scopeOf('acme/a'), did: 'slots-freed' }]);
  expect([holders.get(scopeOf('acme/a')), woken]).toEqual([['x-1'], ['r-3.slot.1']]);
});

test('a slot of a run that has ended is freed where no other run of its repository waits: it counts for all of them', async () => {
  const next = run('r-3', 'acme/b');
  const { deps, holders, queues, woken } = world([next, run('r-1', 'acme/a', 'failed')], { total: 1 });
  holders.set(scopeOf('acme/a'), ['r-1']);
  queues.set(scopeOf('acme/b'), ['r-3']);
  const { found } = await repair(deps, surveyOf([next]), cursor, 1);
  expect(found).toEqual([{ runId: scopeOf('acme/a'), did: 'slots-freed' }]);
  expect([holders.get(scopeOf('acme/a')), woken]).toEqual([[], ['r-3.slot.1']]);
});

test('a run whose repair does not end holds up no queue', async () => {
  const [stuck, next] = [run('r-1', 'acme/a', 'running'), run('r-3', 'acme/b')];
  const { deps, queues, woken } = world([stuck, next]);
  queues.set(scopeOf('acme/b'), ['r-3']);
  void repair(deps, surveyOf([next], { suspects: [stuck as never] }), cursor, 1);
  await expect.poll(() => woken).toEqual(['r-3.slot.1']);
});
