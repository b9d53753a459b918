// Recovery and the engine take up the same run: each order of the two has to end in one delivery. Each test forces the
// order that goes wrong, by holding one store call until the other side is done.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ServerProcess } from '../../../cli/local/compose.ts';
import type { Gates } from '../../../core/ports/store/gates.ts';
import type { Phases } from '../../../core/ports/store/phases.ts';
import type { Runs } from '../../../core/ports/store/runs.ts';
import { isFinal } from '../../../core/run/status.ts';
import { scriptedRunner } from '../../support/scripted-runner.ts';
import { createWorld, submit, type World } from '../../support/world.ts';

const wrap = vi.hoisted(() => ({
  gates: (gates: Gates): Gates => gates,
  phases: (phases: Phases): Phases => phases,
  runs: (runs: Runs): Runs => runs,
}));
vi.mock('../../../adapters/local/stores/gates.ts', async (original) => {
  const module = await original<typeof import('../../../adapters/local/stores/gates.ts')>();
  return {
    ...module,
    createGates: (...args: Parameters<typeof module.createGates>) => wrap.gates(module.createGates(...args)),
  };
});
vi.mock('../../../adapters/local/stores/phases.ts', async (original) => {
  const module = await original<typeof import('../../../adapters/local/stores/phases.ts')>();
  return {
    ...module,
    createPhases: (...args: Parameters<typeof module.createPhases>) => wrap.phases(module.createPhases(...args)),
  };
});
vi.mock('../../../adapters/local/stores/runs.ts', async (original) => {
  const module = await original<typeof import('../../../adapters/local/stores/runs.ts')>();
  return {
    ...module,
    createRuns: (...args: Parameters<typeof module.createRuns>) => wrap.runs(module.createRuns(...args)),
  };
});

let world: World;
let open: ServerProcess | undefined;
beforeEach(() => {
  world = createWorld();
});
afterEach(async () => {
  wrap.gates = (gates) => gates;
  wrap.phases = (stored) => stored;
  wrap.runs = (runs) => runs;
  await open?.close();
  open = undefined;
  world.remove();
});

const phases: string[] = [];
const runner = scriptedRunner(({ spec }) => {
  phases.push(spec.phaseKey.slice(spec.phaseKey.indexOf('/') + 1));
  return undefined;
});
const server = async (options: Parameters<World['open']>[0] = {}): Promise<ServerProcess> => {
  open = await world.open({ runner, ...options });
  return open;
};
const close = async (): Promise<void> => {
  await open?.close();
  open = undefined;
};

/** A run whose plan waits, left by a process that ended before the step that opened the gate was recorded as done. */
async function leftAtPlanGate(): Promise<{ runId: string; gate: string }> {
  phases.length = 0;
  const shown = Promise.withResolvers<string>();
  // The step has told people and shown the gate, and never returns: its process ends first.
  wrap.runs = (runs) => ({
    ...runs,
    async update(runId, change) {
      const run = await runs.update(runId, change);
      if (run.status !== 'waiting') return run;
      shown.resolve(run.gate ?? '');
      return new Promise(() => undefined);
    },
  });
  const first = await server();
  const { runId } = await submit(world, first);
  const gate = await shown.promise;
  await close();
  wrap.runs = (runs) => runs;
  return { runId, gate };
}

const ended = async (at: ServerProcess, runId: string) => {
  await expect.poll(async () => isFinal((await at.service.run(runId)).status), { timeout: 20_000 }).toBe(true);
  return at.service.ended(runId);
};

test('a phase that the engine launches while recovery looks is launched once', async () => {
  const { runId, gate } = await leftAtPlanGate();
  const passive = await server({ passive: true });
  await passive.service.vote({ gate, who: 'lead', choice: 'approve', text: '' });
  await close();

  const recorded = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<void>();
  let looked = false;
  wrap.phases = (store) => ({
    ...store,
    // The build is on record, and its sandbox has not begun, when recovery reads the phases of the run.
    async launch(phase) {
      const stored = await store.launch(phase);
      if (stored.phaseId.includes('/build/') && stored.attempt === 1) {
        recorded.resolve();
        await taken.promise;
      }
      return stored;
    },
    async byRun(id) {
      if (!looked) {
        looked = true;
        await recorded.promise;
      }
      return store.byRun(id);
    },
  });
  const second = await server();
  await second.resume();
  taken.resolve();
  await expect.poll(async () => (await second.service.run(runId)).state, { timeout: 20_000 }).toBe('ReviewGate');
  expect(phases.filter((phase) => phase.startsWith('build'))).toEqual(['build/1/1']);
  const { events } = await second.service.run(runId);
  expect(events.filter((event) => event.type === 'phase-started').map((event) => event.text)).toEqual([
    'plan 1',
    'build 1',
    'verify 1',
  ]);
});

test('a cancelled run stays cancelled, when its decision is delivered once more after its end', async () => {
  const { runId } = await leftAtPlanGate();
  const passive = await server({ passive: true });
  await passive.service.cancel(runId, 'lead', 'not needed');
  await close();

  wrap.runs = (runs) => ({
    ...runs,
    // Who brings the decision into the record comes last: the engine has settled the run by then.
    async update(id, change) {
      const run = await runs.get(id);
      const next = run && change(structuredClone(run));
      if (next?.status === 'running' && next.stop)
        await expect
          .poll(async () => isFinal((await runs.get(id))?.status ?? 'running'), { timeout: 20_000 })
          .toBe(true);
      return runs.update(id, change);
    },
  });
  const second = await server();
  await second.resume();
  expect(await ended(second, runId)).toMatchObject({ status: 'cancelled', error: { name: 'Cancelled' }, gate: null });
  await close();
  wrap.runs = (runs) => runs;
  const third = await server();
  await third.resume();
  expect(await third.service.run(runId)).toMatchObject({ status: 'cancelled', state: 'Settle' });
});

test('a run that is submitted while recovery looks is launched once', async () => {
  phases.length = 0;
  const recorded = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<void>();
  let looked = false;
  wrap.phases = (store) => ({
    ...store,
    async launch(phase) {
      const stored = await store.launch(phase);
      recorded.resolve();
      if (stored.attempt === 1) await taken.promise;
      return stored;
    },
    async byRun(id) {
      if (!looked) await recorded.promise;
      looked = true;
      return store.byRun(id);
    },
  });
  const only = await server();
  const { runId } = await submit(world, only);
  await only.resume();
  taken.resolve();
  await expect.poll(async () => (await only.service.run(runId)).status, { timeout: 20_000 }).toBe('waiting');
  expect(phases).toEqual(['plan/1/1']);
});

test('a cancel that comes while a phase is being launched leaves no sandbox running', async () => {
  phases.length = 0;
  const recorded = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  wrap.phases = (store) => ({
    ...store,
    async launch(phase) {
      const stored = await store.launch(phase);
      recorded.resolve();
      await cancelled.promise;
      return stored;
    },
  });
  const only = await server();
  const { runId } = await submit(world, only);
  await recorded.promise;
  await only.service.cancel(runId, 'lead', 'not needed');
  cancelled.resolve();
  expect(await ended(only, runId)).toMatchObject({ status: 'cancelled' });
  await close();
  expect(phases).toEqual([]);
});

test('a cancel that comes while a gate is being opened ends the run', async () => {
  const opening = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  wrap.gates = (gates) => ({
    ...gates,
    async open(gate) {
      opening.resolve();
      await cancelled.promise;
      return gates.open(gate);
    },
  });
  const only = await server();
  const { runId } = await submit(world, only);
  await opening.promise;
  await only.service.cancel(runId, 'lead', 'not needed');
  cancelled.resolve();
  expect(await ended(only, runId)).toMatchObject({ status: 'cancelled', gate: null });
});
