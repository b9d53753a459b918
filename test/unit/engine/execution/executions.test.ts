import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { EngineBusy } from '../../../../engine/errors.ts';
import { failure, folder, machine, task, turns, until, waiting, world } from '../world.ts';

const pass = machine({ A: { Type: 'Succeed' } });
const stuck = () => new Promise(() => undefined);

describe('start', () => {
  test('R11: the same name and input is started once, also at the same moment', async () => {
    const w = world(machine({ A: task() }), stuck);
    const starts = await Promise.all([1, 2, 3].map(() => w.engine.start('x', { a: 1, b: 2 })));
    expect(starts.map(({ started }) => started)).toEqual([true, false, false]);
    expect(await w.engine.start('x', { b: 2, a: 1 })).toEqual({ started: false });
    await turns(3);
    expect(w.calls).toHaveLength(1);
  });

  test('another input, or an ended execution, is ExecutionAlreadyExists', async () => {
    const w = world(machine({ A: waiting() }));
    await w.engine.start('x', { a: 1 });
    const exists = { name: 'ExecutionAlreadyExists' };
    await expect(w.engine.start('x', { a: 2 })).rejects.toMatchObject(exists);
    await w.engine.stop('x');
    await expect(w.engine.start('x', { a: 1 })).rejects.toMatchObject(exists);
  });

  test('names are 1 to 80 of a small alphabet; no input is an empty object', async () => {
    const w = world(pass);
    for (const name of ['', 'a b', 'a/b', 'ä', 'x'.repeat(81), 'a.b', 'x\n']) {
      await expect(w.engine.start(name, {}), name).rejects.toMatchObject({ name: 'InvalidName' });
    }
    expect((await w.run(undefined, 'x'.repeat(80))).output).toEqual({});
    expect((await w.run(null, 'null')).output).toEqual(null);
  });
});

describe('what is told', () => {
  const definition = machine({
    A: task({
      Retry: [{ ErrorEquals: ['X'], IntervalSeconds: 3, MaxAttempts: 1 }],
      Catch: [{ ErrorEquals: ['X'], Next: 'B' }],
    }),
    B: { Type: 'Fail', Error: 'Sad', Cause: 'why' },
  });
  test('events in order, history and transitions with retries', async () => {
    const w = world(definition, () => {
      throw failure('X');
    });
    await w.engine.start('x', {});
    await w.clock.advance(3_000);
    const at = (s: number): string => new Date(Date.parse('2026-11-21T08:00:00Z') + s * 1000).toISOString();
    const a = { execution: 'x', state: 'A', visit: 1 };
    const b = { execution: 'x', state: 'B', visit: 2 };
    expect(w.events).toEqual([
      { type: 'ExecutionStarted', execution: 'x', at: at(0) },
      { type: 'StateEntered', ...a, at: at(0) },
      { type: 'TaskRetried', ...a, at: at(0), error: 'X', delayMs: 3000 },
      { type: 'TaskCaught', ...a, at: at(3), error: 'X' },
      { type: 'StateExited', ...a, at: at(3), error: 'X' },
      { type: 'StateEntered', ...b, at: at(3) },
      { type: 'ExecutionEnded', execution: 'x', at: at(3), status: 'FAILED', error: 'Sad' },
    ]);
    expect(w.engine.history('x')).toEqual([
      { state: 'A', visit: 1, enteredAt: at(0), exitedAt: at(3), retries: 1, error: 'X' },
      { state: 'B', visit: 2, enteredAt: at(3), exitedAt: at(3), retries: 0, error: 'Sad' },
    ]);
    expect(w.engine.describe('x')).toEqual({
      name: 'x',
      status: 'FAILED',
      input: {},
      error: 'Sad',
      cause: 'why',
      startedAt: at(0),
      endedAt: at(3),
      transitions: 3,
    });
  });

  test('an observer that throws changes nothing', async () => {
    const w = world(pass, undefined, {
      onEvent() {
        throw new Error('observer');
      },
    });
    expect((await w.run()).status).toBe('SUCCEEDED');
  });

  test('list filters by status; unknown names are nowhere', async () => {
    const w = world(machine({ A: waiting() }));
    await w.engine.start('x', {});
    await w.engine.start('y', {});
    await w.engine.stop('y', 'E', 'c');
    expect(w.engine.list().map(({ name }) => name)).toEqual(['x', 'y']);
    expect(w.engine.list({ status: 'RUNNING' }).map(({ name }) => name)).toEqual(['x']);
    expect(w.engine.describe('z')).toBeUndefined();
    expect(w.engine.history('z')).toEqual([]);
    await expect(w.engine.done('z')).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
    await expect(w.engine.stop('z')).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
  });
});

describe('stop and close', () => {
  test('stop aborts the function, ends as ABORTED, and stays', async () => {
    const w = world(
      machine({ A: task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }] }), B: { Type: 'Succeed' } }),
      stuck,
    );
    await w.engine.start('x', {});
    await until(() => w.calls.length === 1);
    const done = w.engine.done('x');
    await w.engine.stop('x', 'Cancelled', 'by me');
    expect(await done).toMatchObject({ status: 'ABORTED', error: 'Cancelled', cause: 'by me' });
    expect(w.calls[0]?.context.signal.aborted).toBe(true);
    await w.engine.stop('x', 'Again');
    expect(w.engine.describe('x')?.error).toBe('Cancelled');
  });

  test('stop tells only functions that still run', async () => {
    const w = world(machine({ A: waiting() }));
    await w.engine.start('x', {});
    await until(() => w.engine.describe('x')?.waiting === 'token');
    await w.engine.stop('x');
    expect(w.calls[0]?.context.signal.aborted).toBe(false);
  });

  test('R12: close keeps everything: the function is told to stop, its failure is not recorded, resume runs it again', async () => {
    const file = join(folder(), 'journal');
    const definition = machine({ A: task({ Output: '{% $states.result.Payload %}' }) });
    const before = world(
      definition,
      (_, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      { file },
    );
    await before.engine.start('x', { n: 1 });
    await until(() => before.calls.length === 1);
    const done = before.engine.done('x');
    await before.engine.close();
    await expect(done).rejects.toMatchObject({ name: 'EngineClosed' });
    for (const call of [
      () => before.engine.start('y', {}),
      () => before.engine.resume(),
      () => before.engine.sendTaskSuccess('x', 1),
    ]) {
      await expect(call()).rejects.toMatchObject({ name: 'EngineClosed' });
    }
    await before.engine.close();

    const after = world(definition, (payload) => payload, { file });
    await turns(5);
    expect(after.calls).toEqual([]);
    expect(await after.engine.resume()).toBe(1);
    expect((await after.engine.done('x')).output).toEqual({ n: 1 });
    expect(await after.engine.resume()).toBe(0);
  });

  test('resume leaves alone what this process is running already', async () => {
    const w = world(machine({ A: task() }), stuck);
    await w.engine.start('x', {});
    await until(() => w.calls.length === 1);
    expect(await w.engine.resume()).toBe(1);
    await turns(5);
    expect(w.calls).toHaveLength(1);
  });

  test('without resume nothing of the journal is run, timed out or waited for; an answer is still kept', async () => {
    const file = join(folder(), 'journal');
    const definition = machine({ A: waiting({ TimeoutSeconds: 600 }), B: task() });
    Object.assign(definition.States.A ?? {}, { Next: 'B' });
    delete (definition.States.A as { End?: true }).End;
    const before = world(definition, undefined, { file });
    await before.engine.start('x', {});
    await until(() => before.engine.describe('x')?.waiting === 'token');
    const token = before.token();
    await before.engine.start('late', {});
    await until(() => before.engine.describe('late')?.waiting === 'token');
    await before.engine.close();

    const passive = world(definition, undefined, { file, clock: before.clock });
    await passive.engine.sendTaskSuccess(token, 1);
    await passive.clock.leap(700_000);
    expect(passive.engine.describe('x')).toMatchObject({ status: 'RUNNING', state: 'B' });
    expect(passive.engine.describe('late')?.status).toBe('RUNNING');
    expect(passive.calls).toEqual([]);
    await passive.engine.start('own', {});
    await until(() => passive.engine.describe('own')?.waiting === 'token');
    expect(passive.calls.map(({ context }) => context.execution)).toEqual(['own']);

    await passive.clock.advance(60_000);
    expect(passive.engine.describe('late')?.status).toBe('RUNNING');

    expect(await passive.engine.resume()).toBe(3);
    await passive.clock.advance(0);
    expect(passive.engine.describe('late')).toMatchObject({ error: 'States.Timeout' });
    expect(passive.engine.describe('x')).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });
});

describe('the journal', () => {
  test('is held by one process', async () => {
    const file = join(folder(), 'journal');
    const w = world(pass, undefined, { file });
    expect(() => world(pass, undefined, { file })).toThrow(EngineBusy);
    await w.engine.close();
    world(pass, undefined, { file });
  });

  test('of layout 1 is brought to the present layout, its executions kept', async () => {
    const file = join(folder(), 'journal');
    const first = world(machine({ A: waiting({}) }), undefined, { file });
    await first.engine.start('x', {});
    await first.engine.close();
    const db = new DatabaseSync(file);
    db.exec('ALTER TABLE executions RENAME COLUMN attempt TO tries; PRAGMA user_version = 1');
    db.close();
    const again = world(machine({ A: waiting({}) }), undefined, { file });
    expect(again.engine.list({ status: 'RUNNING' })).toMatchObject([{ name: 'x' }]);
    await again.engine.close();
  });

  test('of another kind is refused, and left as it is', () => {
    const file = join(folder(), 'journal');
    const db = new DatabaseSync(file);
    db.exec('CREATE TABLE mine (a)');
    db.close();
    expect(() => world(pass, undefined, { file })).toThrow(/layout/);
    const again = new DatabaseSync(file);
    expect(again.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'mine' }]);
    again.close();
  });

  test('an execution goes on with the definition it was started with', async () => {
    const file = join(folder(), 'journal');
    const first = world(machine({ A: waiting({ Output: 'old' }) }), undefined, { file });
    await first.engine.start('x', {});
    await until(() => first.engine.describe('x')?.waiting === 'token');
    const token = first.token();
    await first.engine.close();
    const second = world(machine({ Z: { Type: 'Succeed', Output: 'new' } }), undefined, { file });
    await second.engine.resume();
    await second.engine.sendTaskSuccess(token, 1);
    expect((await second.engine.done('x')).output).toBe('old');
    expect((await second.run({}, 'y')).output).toBe('new');
  });

  test('that cannot be written stops the engine: nothing goes on that is not on disk', async () => {
    const file = join(folder(), 'journal');
    const w = world(machine({ A: waiting({ Output: 'x' }) }), undefined, { file, onEvent: () => undefined });
    await w.engine.start('x', {});
    await until(() => w.engine.describe('x')?.waiting === 'token');
    const done = w.engine.done('x');
    const exec = DatabaseSync.prototype.exec;
    DatabaseSync.prototype.exec = () => {
      throw new Error('disk full');
    };
    try {
      await expect(w.engine.sendTaskSuccess(w.token(), 1)).rejects.toMatchObject({ name: 'JournalFailed' });
    } finally {
      DatabaseSync.prototype.exec = exec;
    }
    await expect(done).rejects.toMatchObject({ name: 'JournalFailed' });
    await expect(w.engine.start('y', {})).rejects.toMatchObject({ name: 'JournalFailed' });
    await w.engine.close();
    const after = world(pass, undefined, { file });
    await after.engine.resume();
    expect(after.engine.describe('x')).toMatchObject({ status: 'RUNNING', waiting: 'token' });
  });

  test('many executions at once share commits and keep apart', async () => {
    let commits = 0;
    const w = world(
      machine({
        A: { Type: 'Pass', Assign: { n: '{% $states.input.n %}' }, Next: 'B' },
        B: task({ Output: '{% $n + $states.result.Payload %}' }),
      }),
      (payload: { n: number }) => payload.n * 1000,
      { committed: (count) => (commits = count) },
    );
    const outputs = await Promise.all(Array.from({ length: 200 }, (_, n) => w.run({ n }, `r-${n}`)));
    expect(outputs.map(({ output }) => output)).toEqual(Array.from({ length: 200 }, (_, n) => n * 1001));
    expect(commits).toBeLessThan(100);
  });
});
