import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { delayMs, matches } from '../../../../engine/asl/retry.ts';
import type { RetryRule } from '../../../../engine/asl/types.ts';
import { failure, machine, task, world } from '../world.ts';

const names = ['X', 'Y', 'States.Timeout', 'States.QueryEvaluationError', 'States.DataLimitExceeded', 'States.Runtime'];

describe('which errors a rule names', () => {
  test.each([
    [['X'], ['X']],
    [['States.ALL'], ['X', 'Y', 'States.Timeout', 'States.QueryEvaluationError']],
    [['States.TaskFailed'], ['X', 'Y', 'States.QueryEvaluationError']],
    [
      ['States.Timeout', 'Y'],
      ['Y', 'States.Timeout'],
    ],
    [['States.DataLimitExceeded'], ['States.DataLimitExceeded']],
    [['States.Runtime'], []],
  ])('%j', (rule, expected) => {
    expect(names.filter((name) => matches(rule, name))).toEqual(expected);
  });
});

describe('delay', () => {
  const rule = fc.record(
    {
      IntervalSeconds: fc.integer({ min: 1, max: 1000 }),
      BackoffRate: fc.double({ min: 1, max: 10, noNaN: true }),
      MaxDelaySeconds: fc.integer({ min: 1, max: 31_622_399 }),
    },
    { requiredKeys: [] },
  );
  const half = () => 0.5;

  test('grows with the attempt, stays under the cap, is a safe number of milliseconds', () => {
    fc.assert(
      fc.property(rule, fc.integer({ min: 0, max: 2000 }), (fields, count) => {
        const of = (n: number): number => delayMs({ ErrorEquals: ['X'], ...fields }, n, half);
        expect(Number.isSafeInteger(of(count))).toBe(true);
        expect(of(count + 1)).toBeGreaterThanOrEqual(of(count));
        expect(of(count)).toBeLessThanOrEqual(1000 * (fields.MaxDelaySeconds ?? 31_536_000));
      }),
    );
  });

  test('full jitter takes between nothing and all of it', () => {
    fc.assert(
      fc.property(rule, fc.double({ min: 0, max: 0.999, noNaN: true }), (fields, random) => {
        const full = delayMs({ ErrorEquals: ['X'], ...fields }, 2, half);
        const jittered = delayMs({ ErrorEquals: ['X'], ...fields, JitterStrategy: 'FULL' }, 2, () => random);
        expect(Math.abs(jittered - full * random)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('Retry and Catch', () => {
  const failing = (errors: string[], Retry: RetryRule[]) => {
    let call = 0;
    return world(
      machine({
        A: task({
          Retry,
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C', Assign: { caught: '{% $states.errorOutput.Error %}' } }],
        }),
        C: { Type: 'Succeed', Output: { caught: '{% $caught %}', input: '{% $states.input %}' } },
      }),
      () => {
        const error = errors[call];
        call += 1;
        if (error !== undefined) throw failure(error);
        return 'done';
      },
    );
  };

  test('the example of the AWS guide: retriers count for themselves, then Catch', async () => {
    const w = failing(
      ['ErrorA', 'ErrorB', 'ErrorC', 'ErrorB'],
      [
        { ErrorEquals: ['ErrorA', 'ErrorB'], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 2 },
        { ErrorEquals: ['ErrorC'], IntervalSeconds: 5 },
      ],
    );
    await w.engine.start('x', {});
    await w.clock.advance(60_000);
    expect(await w.engine.done('x')).toMatchObject({
      output: { caught: 'ErrorB', input: { Error: 'ErrorB' } },
      transitions: 5,
    });
    expect(w.events.filter(({ type }) => type === 'TaskRetried').map(({ error, delayMs: ms }) => [error, ms])).toEqual([
      ['ErrorA', 1000],
      ['ErrorB', 2000],
      ['ErrorC', 5000],
    ]);
    expect(w.engine.history('x')[0]).toMatchObject({ state: 'A', retries: 3, error: 'ErrorB' });
  });

  test('the next try comes after its delay and knows how many there were', async () => {
    const w = world(
      machine({
        A: task({
          Arguments: { FunctionName: 'f', Payload: '{% $states.context.State.RetryCount %}' },
          Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 10, MaxAttempts: 1 }],
        }),
      }),
      () => {
        throw failure('X');
      },
    );
    await w.engine.start('x', {});
    await w.clock.advance(9_999);
    expect(w.calls.map(({ payload }) => payload)).toEqual([0]);
    expect(w.engine.describe('x')).toMatchObject({ state: 'A', waiting: 'timer' });
    await w.clock.advance(1);
    expect(w.calls.map(({ payload }) => payload)).toEqual([0, 1]);
    expect(w.engine.describe('x')).toMatchObject({ status: 'FAILED', error: 'X' });
  });

  test('MaxAttempts 0 never retries; without a rule for the error, Catch comes at once', async () => {
    expect((await failing(['X'], [{ ErrorEquals: ['X'], MaxAttempts: 0 }]).run()).output).toMatchObject({
      caught: 'X',
    });
    expect((await failing(['X'], [{ ErrorEquals: ['Y'] }]).run()).output).toMatchObject({ caught: 'X' });
  });

  test('jitter is drawn from the source it was given', async () => {
    const w = world(
      machine({
        A: task({ Retry: [{ ErrorEquals: ['X'], IntervalSeconds: 8, MaxAttempts: 1, JitterStrategy: 'FULL' }] }),
      }),
      () => {
        throw failure('X');
      },
      { random: () => 0.25 },
    );
    await w.engine.start('x', {});
    await w.clock.advance(2_000);
    expect(w.calls).toHaveLength(2);
  });

  test('a Catch sees the variables and shapes its own way; one that fails itself is not caught', async () => {
    const caught = (Output: string) =>
      world(
        machine({
          A: { Type: 'Pass', Assign: { v: 1 }, Next: 'B' },
          B: task({ Catch: [{ ErrorEquals: ['X'], Next: 'C', Output }] }),
          C: { Type: 'Succeed' },
        }),
        () => {
          throw failure('X', 'why');
        },
      ).run({ n: 1 });
    expect(
      (await caught('{% {"v": $v, "n": $states.input.n, "c": $parse($states.errorOutput.Cause).errorMessage} %}'))
        .output,
    ).toEqual({
      v: 1,
      n: 1,
      c: 'why',
    });
    expect(await caught('{% $states.result %}')).toMatchObject({
      status: 'FAILED',
      error: 'States.QueryEvaluationError',
    });
  });

  test('Output, Assign, Arguments and TimeoutSeconds that fail are errors of the Task', async () => {
    for (const wrong of [
      { Output: '{% $states.gone %}' },
      { Assign: { a: '{% $states.gone %}' } },
      { Arguments: { FunctionName: 'f', Payload: '{% $states.gone %}' } },
      { Arguments: { FunctionName: '{% 1 %}' } },
      { TimeoutSeconds: '{% 0 %}' },
      { TimeoutSeconds: '{% "1" %}' },
    ]) {
      const w = world(
        machine({
          A: task({ ...wrong, Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Next: 'C' }] }),
          C: { Type: 'Succeed', Output: 1 },
        }),
      );
      expect((await w.run()).output).toBe(1);
    }
  });
});

describe('time limits', () => {
  test('a function that takes too long is told to stop, and its late result is dropped', async () => {
    let finish = (_: unknown): void => undefined;
    const w = world(
      machine({
        A: task({ TimeoutSeconds: 5, Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'B' }] }),
        B: { Type: 'Wait', Seconds: 9, End: true },
      }),
      () => new Promise((resolve) => (finish = resolve)),
    );
    await w.engine.start('x', {});
    await w.clock.advance(4_999);
    expect(w.calls[0]?.context.signal.aborted).toBe(false);
    await w.clock.advance(1);
    expect(w.calls[0]?.context.signal.aborted).toBe(true);
    finish('late');
    await w.clock.advance(9_000);
    expect((await w.engine.done('x')).output).toMatchObject({ Error: 'States.Timeout' });
  });

  test('each try has the whole limit; States.TaskFailed does not name a timeout', async () => {
    const w = world(
      machine({
        A: task({
          TimeoutSeconds: '{% $states.input.limit %}',
          Retry: [{ ErrorEquals: ['States.Timeout'], MaxAttempts: 1 }],
          Catch: [{ ErrorEquals: ['States.TaskFailed'], Next: 'B' }],
        }),
        B: { Type: 'Succeed' },
      }),
      () => new Promise(() => undefined),
    );
    await w.engine.start('x', { limit: 5 });
    await w.clock.advance(10_999);
    expect(w.calls).toHaveLength(2);
    expect(w.engine.describe('x')?.status).toBe('RUNNING');
    await w.clock.advance(1);
    expect(w.engine.describe('x')).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });

  test('the whole execution times out as TIMED_OUT, past every Catch', async () => {
    const w = world(
      machine(
        { A: task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }] }), B: { Type: 'Succeed' } },
        { TimeoutSeconds: 30 },
      ),
      () => new Promise(() => undefined),
    );
    await w.engine.start('x', {});
    await w.clock.advance(30_000);
    expect(w.engine.describe('x')).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
    expect(w.calls[0]?.context.signal.aborted).toBe(true);
  });
});
