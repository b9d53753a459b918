import { describe, expect, test } from 'vitest';
import { failure, machine, task, waiting, world } from '../world.ts';

describe('data', () => {
  test('a Task gives what lambda:invoke gives, and Output chooses from it', async () => {
    const definition = machine({ A: task({ End: undefined as never, Next: 'B' }), B: { Type: 'Pass', End: true } });
    delete (definition.States.A as { End?: true }).End;
    const plain = world(definition, () => ({ n: 1 }));
    expect((await plain.run()).output).toEqual({ StatusCode: 200, ExecutedVersion: '$LATEST', Payload: { n: 1 } });
    const chosen = world(machine({ A: task({ Output: '{% $states.result.Payload.n + 1 %}' }) }), () => ({ n: 1 }));
    expect((await chosen.run()).output).toBe(2);
  });

  test('Payload defaults to an empty object, FunctionName may be an expression, nothing returned is null', async () => {
    const w = world(
      machine({ A: task({ Arguments: { FunctionName: '{% "f" & $states.input.n %}' } }) }),
      () => undefined,
    );
    expect((await w.run({ n: 1 })).output).toMatchObject({ Payload: null });
    expect(w.calls[0]).toMatchObject({ functionName: 'f1', payload: {} });
  });

  test('Assign and Output see the variables from before the state; the next state sees the new ones', async () => {
    const w = world(
      machine({
        A: { Type: 'Pass', Assign: { x: 1, y: { deep: '{% $states.input.n %}' } }, Next: 'B' },
        B: { Type: 'Pass', Assign: { x: '{% $x + 1 %}', old: '{% $x %}' }, Output: '{% $x %}', Next: 'C' },
        C: {
          Type: 'Succeed',
          Output: { input: '{% $states.input %}', x: '{% $x %}', old: '{% $old %}', y: '{% $y.deep %}' },
        },
      }),
    );
    expect((await w.run({ n: 7 })).output).toEqual({ input: 1, x: 2, old: 1, y: 7 });
  });

  test('the context object', async () => {
    const w = world(
      machine({
        A: { Type: 'Pass', Next: 'B', Output: {} },
        B: task({ Arguments: { FunctionName: 'f', Payload: '{% $states.context %}' } }),
      }),
    );
    await w.run({ a: 1 }, 'r-1');
    expect(w.calls[0]?.payload).toEqual({
      Execution: {
        Id: 'arn:aws:states:local:000000000000:execution:machine:r-1',
        Input: { a: 1 },
        Name: 'r-1',
        RoleArn: expect.stringMatching(/^arn:aws:iam::/),
        StartTime: '2026-11-21T08:00:00.000Z',
        RedriveCount: 0,
      },
      StateMachine: { Id: 'arn:aws:states:local:000000000000:stateMachine:machine', Name: 'machine' },
      State: { Name: 'B', EnteredTime: '2026-11-21T08:00:00.000Z', RetryCount: 0 },
    });
  });

  test.each([
    ['nothing', '$states.input.gone'],
    ['a function', 'function($x){ $x }'],
    ['an error', '$error("no")'],
    ['a wrong type', '$states.input.text + 1'],
    ['no end', '($f := function($n){ $f($n + 1) }; $f(0))'],
  ])('an expression that gives %s is States.QueryEvaluationError', async (_, expression) => {
    const w = world(machine({ A: { Type: 'Pass', End: true, Output: { deep: [`{% ${expression} %}`] } } }));
    expect(await w.run({ text: 'x' })).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
  });

  test.each([
    ['$partition([1,2,3], 2)', [[1, 2], [3]]],
    ['$range(0, 10, 5)', [0, 5, 10]],
    ['$range(3, 1, -1)', [3, 2, 1]],
    ['$hash("a", "SHA-256")', 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'],
    ['$hash("a", "MD5")', '0cc175b9c0f1b6a831c399e269772661'],
    ['$parse("{\\"a\\":[1]}").a', [1]],
    ['$random(7) = $random(7) and $random() < 1', true],
    ['$match($uuid(), /^[0-9a-f-]{36}$/).match != ""', true],
    ['$now()', '2026-11-21T08:00:00.000Z'],
    ['$now("[Y0001]")', '2026'],
    ['$millis()', Date.parse('2026-11-21T08:00:00Z')],
  ])('%s', async (expression, value) => {
    const w = world(machine({ A: { Type: 'Pass', End: true, Output: `{% ${expression} %}` } }));
    expect(await w.run()).toMatchObject({ status: 'SUCCEEDED', output: value });
  });

  test.each([
    '$partition([1], 0)',
    '$range(0, 1, 0)',
    '$range(0, 1e9, 1)',
    '$hash("a", "CRC")',
    '$parse("{")',
  ])('%s fails by name', async (expression) => {
    const w = world(machine({ A: { Type: 'Pass', End: true, Output: `{% ${expression} %}` } }));
    expect(await w.run()).toMatchObject({ error: 'States.QueryEvaluationError' });
  });
});

describe('Choice', () => {
  const definition = machine({
    A: {
      Type: 'Choice',
      Choices: [
        { Condition: '{% $states.input.n = 1 %}', Next: 'B', Assign: { by: 'first' }, Output: { out: 1 } },
        { Condition: '{% $states.input.n > 0 %}', Next: 'B', Assign: { by: 'second' } },
      ],
      Default: 'B',
      Assign: { by: 'default' },
      Output: { out: 'default' },
    },
    B: { Type: 'Succeed', Output: { by: '{% $by %}', input: '{% $states.input %}' } },
  });
  test.each([
    [1, { by: 'first', input: { out: 1 } }],
    [2, { by: 'second', input: { n: 2 } }],
    [0, { by: 'default', input: { out: 'default' } }],
  ])('the first rule that holds gives its own Assign and Output: %d', async (n, output) => {
    expect((await world(definition).run({ n })).output).toEqual(output);
  });

  test('no rule and no Default is States.NoChoiceMatched; a Condition is a boolean', async () => {
    const choose = (Condition: string) =>
      world(machine({ A: { Type: 'Choice', Choices: [{ Condition, Next: 'B' }] }, B: { Type: 'Succeed' } })).run();
    expect(await choose('{% false %}')).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
    expect(await choose('{% 1 %}')).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
  });
});

describe('Wait, Succeed, Fail', () => {
  test('waits for seconds, days of them, and notices a clock that was moved', async () => {
    const day = 86_400;
    const w = world(machine({ A: { Type: 'Wait', Seconds: '{% $states.input.s %}', End: true } }));
    await w.engine.start('x', { s: 40 * day });
    await w.clock.leap(40 * day * 1000 - 1);
    expect(w.engine.describe('x')).toMatchObject({ status: 'RUNNING', state: 'A', waiting: 'timer' });
    await w.clock.advance(1);
    expect(w.engine.describe('x')).toMatchObject({ status: 'SUCCEEDED', endedAt: '2026-12-31T08:00:00.000Z' });

    await w.engine.start('y', { s: 10 * day });
    w.clock.set(w.clock.now() + 11 * day * 1000);
    await w.clock.advance(60_000);
    expect(w.engine.describe('y')?.status).toBe('SUCCEEDED');
  });

  test('waits until a moment; one in the past is over at once', async () => {
    const w = world(machine({ A: { Type: 'Wait', Timestamp: '{% $states.input.at %}', End: true } }));
    expect((await w.run({ at: '2020-01-01T00:00:00Z' }, 'past')).status).toBe('SUCCEEDED');
    await w.engine.start('x', { at: '2026-11-21T10:00:00+01:00' });
    await w.clock.advance(3_599_999);
    expect(w.engine.describe('x')?.status).toBe('RUNNING');
    await w.clock.advance(1);
    expect(w.engine.describe('x')?.status).toBe('SUCCEEDED');
    expect(await w.run({ at: 'soon' }, 'bad')).toMatchObject({ error: 'States.QueryEvaluationError' });
    expect(await w.run({ at: 5 }, 'number')).toMatchObject({ error: 'States.QueryEvaluationError' });
  });

  test('Fail takes texts and expressions', async () => {
    const w = world(machine({ A: { Type: 'Fail', Error: '{% $states.input.e %}', Cause: 'because' } }));
    expect(await w.run({ e: 'Mine' }, 'x')).toMatchObject({ status: 'FAILED', error: 'Mine', cause: 'because' });
    expect(await w.run({ e: 1 }, 'y')).toMatchObject({ error: 'States.QueryEvaluationError' });
    expect(w.engine.describe('x')).not.toHaveProperty('output');
  });
});

describe('limits', () => {
  const big = 'x'.repeat(262_144);
  test('256 KiB for an output, exactly', async () => {
    const w = world(machine({ A: { Type: 'Pass', End: true, Output: '{% $pad("", $states.input.n, "x") %}' } }));
    expect((await w.run({ n: 262_142 }, 'fits')).status).toBe('SUCCEEDED');
    expect(await w.run({ n: 262_143 }, 'over')).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
    expect(
      await world(machine({ A: { Type: 'Pass', End: true, Output: '{% $pad("", 90000, "€") %}' } })).run(),
    ).toMatchObject({
      error: 'States.DataLimitExceeded',
    });
  });

  test('for variables, arguments and results; States.ALL does not catch it, its own name does', async () => {
    const caught = { ErrorEquals: ['States.DataLimitExceeded'], Next: 'B' };
    const all = { ErrorEquals: ['States.ALL'], Next: 'B' };
    const end = { B: { Type: 'Succeed', Output: 'caught' } } as const;
    const large = '{% $pad("", 262144, "x") %}';
    const run = (state: object, returned: unknown, rule: object) =>
      world(machine({ A: task({ ...state, Catch: [rule as never] }), ...end }), () => returned).run();
    for (const [state, returned] of [
      [{ Assign: { v: large }, Output: 1 }, 1],
      [{ Arguments: { FunctionName: 'f', Payload: large } }, 1],
      [{ Output: 1 }, big],
    ] as const) {
      expect(await run(state, returned, all)).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
      expect(await run(state, returned, caught)).toMatchObject({ output: 'caught' });
    }
  });

  test('an input that is not valid JSON or too large starts nothing', async () => {
    const w = world(machine({ A: { Type: 'Succeed' } }));
    for (const input of [big, 1n, () => 1]) {
      await expect(w.engine.start('x', input)).rejects.toMatchObject({ name: 'InvalidExecutionInput' });
    }
    expect(w.engine.list()).toEqual([]);
  });

  test('a loop without an end is ended at 25,000 events', async () => {
    const w = world(
      machine({
        A: { Type: 'Pass', Next: 'B' },
        B: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'C' }], Default: 'A' },
        C: { Type: 'Succeed' },
      }),
    );
    const execution = await w.run();
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(execution.transitions).toBe(12_500);
  });
});

describe('what a function throws and returns', () => {
  test.each([
    [
      'its name and message',
      failure('SandboxLost', 'gone'),
      'SandboxLost',
      { errorType: 'SandboxLost', errorMessage: 'gone' },
    ],
    [
      'the remedy that it names',
      Object.assign(failure('SecretMissing', 'no key'), { remedy: 'Set KEY.' }),
      'SecretMissing',
      { errorType: 'SecretMissing', errorMessage: 'no key', remedy: 'Set KEY.' },
    ],
    ['a plain Error', new Error('x'), 'Error', { errorType: 'Error', errorMessage: 'x' }],
    ['no Error at all', 'text', 'string', { errorType: 'string', errorMessage: 'text' }],
  ])('%s', async (_, thrown, error, cause) => {
    const w = world(machine({ A: task() }), () => {
      throw thrown;
    });
    const execution = await w.run();
    expect(execution).toMatchObject({ status: 'FAILED', error });
    expect(JSON.parse(execution.cause ?? '')).toEqual(cause);
  });

  test('what is not valid JSON is Runtime.MarshalError', async () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(await world(machine({ A: task() }), () => circle).run()).toMatchObject({ error: 'Runtime.MarshalError' });
  });

  test('what it returns for a token state is ignored', async () => {
    const w = world(machine({ A: waiting() }), () => 1n);
    await w.engine.start('x', {});
    await w.clock.advance(1);
    await w.engine.sendTaskSuccess(w.token(), { answer: 1 });
    expect((await w.engine.done('x')).output).toEqual({ answer: 1 });
  });
});
