import { describe, expect, it } from 'vitest';
import { createEngineExecutions } from '../../../../adapters/local/executions.ts';
import { createLocalLauncher } from '../../../../adapters/local/launcher.ts';
import { DrydockError } from '../../../../core/errors.ts';
import type { PhaseJob, PhaseOrder, PhaseRunner } from '../../../../core/ports/runtime/phase-runner.ts';
import type { PhaseEnd } from '../../../../core/run/phase-end.ts';
import type { Engine } from '../../../../engine/engine.ts';

const id = 'r-1/build/1';
const order = { spec: { runId: 'r-1', phaseKey: `${id}/1` } } as PhaseOrder;
const ended: PhaseEnd = {
  phaseKey: `${id}/1`,
  calls: [],
  refusals: [],
  traffic: [],
  artifacts: new Map(),
  enforcer: 'none',
  ms: 1,
};

/** A runner whose phases end when told to, or when they are stopped. */
function world(
  report: Partial<Parameters<typeof createLocalLauncher>[2]> = {},
  prepare = async () => ({ spec: order.spec }) as PhaseJob,
) {
  const log: string[] = [];
  const finish: ((end: PhaseEnd | Error) => void)[] = [];
  const runner: PhaseRunner = {
    run: (_, { signal, onEvent }) =>
      new Promise((resolve, reject) => {
        log.push('started');
        onEvent({ type: 'message', text: 'hello' });
        finish.push((end) => (end instanceof Error ? reject(end) : resolve(end)));
        signal.addEventListener('abort', () => resolve({ ...ended, failure: { name: 'Cancelled', message: '' } }));
      }),
  };
  const launcher = createLocalLauncher(
    runner,
    prepare,
    {
      event: (runId, phaseId, event) => log.push(`event ${runId} ${phaseId} ${event.type}`),
      end: async (_, attempt, end) => void log.push(`end ${attempt} ${end.failure?.name ?? 'ok'}`),
      fault: (_, error) => log.push(`fault ${String(error)}`),
      ...report,
    },
    () => [],
  );
  const settled = () => expect.poll(() => launcher.isRunning({ phaseId: id, attempt: 1 })).toBe(false);
  return { launcher, log, finish, settled };
}
const started = ['started', `event r-1 ${id} message`];

describe('the launcher of one machine (R12)', () => {
  it('starts nothing where what a phase needs is missing, and says so', async () => {
    const { launcher, log } = world({}, () => Promise.reject(new DrydockError('SecretMissing', 'no key')));
    await expect(launcher.launch(order, { phaseId: id, attempt: 1 })).rejects.toMatchObject({ name: 'SecretMissing' });
    expect([await launcher.isRunning({ phaseId: id, attempt: 1 }), log]).toEqual([false, []]);
  });

  it('runs a try once and reports its end', async () => {
    const { launcher, log, finish, settled } = world();
    await launcher.launch(order, { phaseId: id, attempt: 1 });
    await launcher.launch(order, { phaseId: id, attempt: 1 });
    expect(await launcher.isRunning({ phaseId: id, attempt: 1 })).toBe(true);
    await expect.poll(() => finish.length).toBe(1);
    finish[0]?.(ended);
    await settled();
    expect(log).toEqual([...started, 'end 1 ok']);
  });

  it('reports what could not start under its name', async () => {
    const { launcher, log, finish, settled } = world();
    await launcher.launch(order, { phaseId: id, attempt: 1 });
    await expect.poll(() => finish.length).toBe(1);
    finish[0]?.(new DrydockError('SandboxUnavailable', 'none'));
    await settled();
    expect(log.at(-1)).toBe('end 1 SandboxUnavailable');
  });

  it('starts the next try that the end of one launches', async () => {
    const ends: number[] = [];
    const relaunch: { launch?: () => Promise<void> } = {};
    const { launcher, finish, settled } = world({
      end: async (_, attempt) => {
        ends.push(attempt);
        if (attempt === 1) await relaunch.launch?.();
      },
    });
    relaunch.launch = () => launcher.launch(order, { phaseId: id, attempt: 2 });
    await launcher.launch(order, { phaseId: id, attempt: 1 });
    await expect.poll(() => finish.length).toBe(1);
    finish[0]?.(ended);
    await expect.poll(() => finish.length).toBe(2);
    expect(await launcher.isRunning({ phaseId: id, attempt: 1 })).toBe(true);
    finish[1]?.(ended);
    await settled();
    expect(ends).toEqual([1, 2]);
  });

  it('never starts a next try that was stopped while it waited for the earlier one', async () => {
    const relaunch: { launch?: () => Promise<void> } = {};
    const { launcher, log, finish, settled } = world({
      end: async (_, attempt, end) => {
        log.push(`end ${attempt} ${end.failure?.name ?? 'ok'}`);
        if (attempt === 1) await relaunch.launch?.();
      },
    });
    relaunch.launch = async () => {
      await launcher.launch(order, { phaseId: id, attempt: 2 });
      void launcher.stop({ phaseId: id, attempt: 1 });
    };
    await launcher.launch(order, { phaseId: id, attempt: 1 });
    await expect.poll(() => finish.length).toBe(1);
    finish[0]?.(ended);
    await settled();
    expect(log).toEqual([...started, 'end 1 ok', 'end 2 Cancelled']);
  });

  it('is free again when an end could not be settled, and says so', async () => {
    const { launcher, log, finish, settled } = world({ end: () => Promise.reject(new Error('store is gone')) });
    await launcher.launch(order, { phaseId: id, attempt: 1 });
    await expect.poll(() => finish.length).toBe(1);
    finish[0]?.(ended);
    await settled();
    expect(log.at(-1)).toBe('fault Error: store is gone');
  });

  it('reports a phase that was stopped, and not one whose owner goes', async () => {
    const { launcher, log, finish } = world();
    await launcher.launch(order, { phaseId: id, attempt: 1 });
    await expect.poll(() => finish.length).toBe(1);
    await launcher.stop({ phaseId: id, attempt: 1 });
    expect(log.at(-1)).toBe('end 1 Cancelled');
    await launcher.stop({ phaseId: 'unknown', attempt: 1 });
    await launcher.launch(order, { phaseId: id, attempt: 2 });
    await expect.poll(() => finish.length).toBe(2);
    await launcher.stopAll();
    expect([
      log.filter((line) => line.startsWith('end')),
      await launcher.isRunning({ phaseId: id, attempt: 1 }),
    ]).toEqual([['end 1 Cancelled'], false]);
  });
});

describe('the engine as steps see it', () => {
  const named = (name: string) => Object.assign(new Error(name), { name });
  const of = (engine: object) => createEngineExecutions(engine as Engine, true);

  it('starts once (R11)', async () => {
    expect(await of({ start: async () => ({ started: true }) }).start('n', { runId: 'r-1' })).toBe('started');
    expect(await of({ start: async () => ({ started: false }) }).start('n', { runId: 'r-1' })).toBe('exists');
    expect(
      await of({ start: () => Promise.reject(named('ExecutionAlreadyExists')) }).start('n', { runId: 'r-1' }),
    ).toBe('exists');
    await expect(of({ start: () => Promise.reject(named('Other')) }).start('n', { runId: 'r-1' })).rejects.toThrow(
      'Other',
    );
  });

  it('tells an answer that nobody waits for from one that failed', async () => {
    const timedOut = () => Promise.reject(named('TaskTimedOut'));
    const broken = () => Promise.reject(named('Broken'));
    expect(await of({ sendTaskSuccess: async () => undefined }).succeed('t', {})).toBe(true);
    expect(await of({ sendTaskSuccess: timedOut }).succeed('t', {})).toBe(false);
    expect(await of({ sendTaskFailure: timedOut }).fail('t', 'E', 'c')).toBe(false);
    await expect(of({ sendTaskFailure: broken }).fail('t', 'E', 'c')).rejects.toThrow('Broken');
  });

  it('describes what there is', async () => {
    expect(await of({ describe: () => undefined }).describe('n')).toBeUndefined();
    expect(await of({ describe: () => ({ status: 'RUNNING', transitions: 3 }) }).describe('n')).toEqual({
      running: true,
      transitions: 3,
      state: '',
    });
    expect(
      await of({ describe: () => ({ status: 'FAILED', transitions: 3, state: 'Plan' }) }).describe('n'),
    ).toMatchObject({ running: false, state: 'Plan' });
  });

  it('starts nothing that was still being prepared when the process ended', async () => {
    const prepared = Promise.withResolvers<PhaseJob>();
    const { launcher, log } = world({}, () => prepared.promise);
    const launched = launcher.launch(order, { phaseId: id, attempt: 1 });
    await launcher.stopAll();
    prepared.resolve({ spec: order.spec } as PhaseJob);
    const others = new Promise((resolve) => setImmediate(resolve, 'neither started nor failed'));
    expect(await Promise.race([launched, others])).toBe('neither started nor failed');
    expect([await launcher.isRunning({ phaseId: id, attempt: 1 }), log]).toEqual([false, []]);
  });
});
