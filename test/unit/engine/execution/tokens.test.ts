import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { failure, folder, machine, task, turns, until, waiting, world } from '../world.ts';

const parked = async (w: ReturnType<typeof world>, name = 'x'): Promise<string> => {
  await w.engine.start(name, {});
  await until(() => w.engine.describe(name)?.waiting === 'token');
  return w.token();
};
const closed = { name: 'TaskTimedOut' };

describe('waitForTaskToken', () => {
  test('R23: waits for days, and the answer is the result', async () => {
    const w = world(machine({ A: waiting({ TimeoutSeconds: 864_000, Output: '{% $states.result.vote %}' }) }));
    const token = await parked(w);
    expect(w.calls[0]).toMatchObject({ payload: { token }, context: { token, execution: 'x', state: 'A' } });
    expect(token.length).toBeLessThanOrEqual(2048);
    await w.clock.leap(9 * 86_400_000);
    await w.engine.sendTaskSuccess(token, { vote: 'yes' });
    expect((await w.engine.done('x')).output).toBe('yes');
  });

  test('a failure as an answer is an error of the Task', async () => {
    const w = world(
      machine({ A: waiting({ Catch: [{ ErrorEquals: ['Rejected'], Next: 'B' }] }), B: { Type: 'Succeed' } }),
    );
    await w.engine.sendTaskFailure(await parked(w), 'Rejected', 'no good');
    expect((await w.engine.done('x')).output).toEqual({ Error: 'Rejected', Cause: 'no good' });
  });

  test('an answer counts once: double, late, foreign and forged ones are TaskTimedOut', async () => {
    const w = world(machine({ A: waiting() }));
    const token = await parked(w);
    const answers = await Promise.allSettled([
      w.engine.sendTaskSuccess(token, 1),
      w.engine.sendTaskSuccess(token, 2),
      w.engine.sendTaskFailure(token, 'E', ''),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect((await w.engine.done('x')).output).toBe(1);
    await expect(w.engine.sendTaskSuccess(token, 3)).rejects.toMatchObject(closed);

    const other = await parked(w, 'y');
    for (const forged of [
      '',
      'y',
      'y.1.0',
      `${other}x`,
      other.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A')),
      other.replace('y.1.0', 'y.1.1'),
    ]) {
      await expect(w.engine.sendTaskSuccess(forged, 1), forged).rejects.toMatchObject(closed);
    }
    const stranger = world(machine({ A: waiting() }));
    await parked(stranger, 'y');
    await expect(stranger.engine.sendTaskSuccess(other, 1)).rejects.toMatchObject(closed);
    expect(w.engine.describe('y')?.status).toBe('RUNNING');
  });

  test('after the limit an answer is late, even before the timer has rung', async () => {
    const w = world(machine({ A: waiting({ TimeoutSeconds: 60 }) }));
    const token = await parked(w);
    w.clock.set(w.clock.now() + 60_000);
    await expect(w.engine.sendTaskSuccess(token, 1)).rejects.toMatchObject(closed);
    await w.clock.advance(60_000);
    expect(w.engine.describe('x')).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });

  test('a retried state has a new token, and the old one is void', async () => {
    const w = world(machine({ A: waiting({ Retry: [{ ErrorEquals: ['SandboxLost'], IntervalSeconds: 2 }] }) }));
    const first = await parked(w);
    await w.engine.sendTaskFailure(first, 'SandboxLost', '');
    await w.clock.advance(2_000);
    const second = w.token();
    expect(second).not.toBe(first);
    await expect(w.engine.sendTaskSuccess(first, 1)).rejects.toMatchObject(closed);
    await w.engine.sendTaskSuccess(second, 2);
    expect((await w.engine.done('x')).output).toBe(2);
  });

  test('an answer may come before the function returns; what the function does then is of no account', async () => {
    let fail = (_: Error): void => undefined;
    const w = world(
      machine({ A: waiting({ Next: 'B', End: undefined as never }), B: task({ Output: '{% $states.input %}' }) }),
      (_, { token }) => (token === undefined ? 'b' : new Promise((_, reject) => (fail = reject))),
    );
    await w.engine.start('x', {});
    await until(() => w.calls.length === 1);
    await w.engine.sendTaskSuccess(w.token(), 'early');
    expect(w.calls[0]?.context.signal.aborted).toBe(false);
    fail(failure('Late'));
    expect(await w.engine.done('x')).toMatchObject({ status: 'SUCCEEDED', output: 'early' });
  });

  test('a function that throws fails the state, and its token is void', async () => {
    const w = world(machine({ A: waiting() }), () => {
      throw failure('NoSandbox');
    });
    expect(await w.run()).toMatchObject({ status: 'FAILED', error: 'NoSandbox' });
    await expect(w.engine.sendTaskSuccess(w.token(), 1)).rejects.toMatchObject(closed);
  });

  test('an answer that is not valid JSON or too large leaves the token open', async () => {
    const w = world(machine({ A: waiting() }));
    const token = await parked(w);
    for (const output of [undefined, 1n, 'x'.repeat(262_144)]) {
      await expect(w.engine.sendTaskSuccess(token, output)).rejects.toMatchObject({ name: 'InvalidOutput' });
    }
    await w.engine.sendTaskSuccess(token, null);
    expect((await w.engine.done('x')).output).toBe(null);
  });

  test('a Task without a token has none to answer', async () => {
    const w = world(machine({ A: task() }), () => new Promise(() => undefined));
    await w.engine.start('x', {});
    await turns(5);
    expect(w.calls[0]?.context).not.toHaveProperty('token');
    await expect(w.engine.sendTaskSuccess('x.1.0.', 1)).rejects.toMatchObject(closed);
  });

  test('R12: over a restart the same token is waited for, the function is not called again, and limits hold', async () => {
    const file = join(folder(), 'journal');
    const definition = machine({ A: waiting({ TimeoutSeconds: 3600 }) });
    const before = world(definition, undefined, { file });
    const token = await parked(before);
    await parked(before, 'late');
    await before.engine.close();

    const after = world(definition, undefined, { file, clock: before.clock });
    expect(await after.engine.resume()).toBe(2);
    await after.clock.advance(1_000);
    await after.engine.sendTaskSuccess(token, 'ok');
    expect(await after.engine.done('x')).toMatchObject({ output: 'ok' });
    await after.clock.leap(3_598_999);
    expect(after.engine.describe('late')?.status).toBe('RUNNING');
    await after.clock.advance(1);
    expect(after.engine.describe('late')).toMatchObject({ error: 'States.Timeout' });
    expect(after.calls).toEqual([]);
  });
});
