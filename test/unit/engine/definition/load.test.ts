import { describe, expect, test } from 'vitest';
import { load } from '../../../../engine/definition/load.ts';
import { DefinitionRefused } from '../../../../engine/errors.ts';
import { taskMachine } from '../../../../pipeline/task.machine.ts';
import { machine, task, waiting } from '../world.ts';

const problemsOf = (definition: unknown): string[] => {
  try {
    load(definition);
    return [];
  } catch (error) {
    if (!(error instanceof DefinitionRefused)) throw error;
    return error.problems.map(({ state, message }) => `${state}: ${message}`);
  }
};
const only = (state: object): string[] => problemsOf({ QueryLanguage: 'JSONata', StartAt: 'A', States: { A: state } });
const output = (expression: string): string[] => only({ Type: 'Pass', End: true, Output: `{% ${expression} %}` });

describe('load', () => {
  test('R39: accepts the machine of a run', () => {
    expect(load(taskMachine((step) => step)).StartAt).toBe('Validate');
  });

  test('accepts every state and field of the subset', () => {
    const full = machine(
      {
        A: task({
          Comment: 'c',
          End: undefined as never,
          Next: 'B',
          Assign: { x: 1 },
          Output: '{% $states.result.Payload %}',
          TimeoutSeconds: '{% $states.input.limit %}',
          Retry: [
            {
              ErrorEquals: ['X'],
              IntervalSeconds: 1,
              MaxAttempts: 0,
              BackoffRate: 1.5,
              MaxDelaySeconds: 9,
              JitterStrategy: 'FULL',
            },
            { ErrorEquals: ['States.ALL'], JitterStrategy: 'NONE' },
          ],
          Catch: [
            { ErrorEquals: ['States.Timeout', 'Y'], Next: 'F', Assign: { y: 1 }, Output: '{% $states.errorOutput %}' },
          ],
        }),
        B: {
          Type: 'Choice',
          Choices: [{ Condition: '{% $x = 1 %}', Next: 'C', Assign: { z: 2 }, Output: {} }],
          Default: 'D',
        },
        C: { Type: 'Wait', Seconds: 0, Next: 'D' },
        D: { Type: 'Wait', Timestamp: '2026-11-21T08:00:00Z', Next: 'E' },
        E: { Type: 'Succeed', Output: { y: '{% $exists($y) ? $y : $z %}' } },
        F: { Type: 'Fail', Error: 'E', Cause: '{% $string($y) %}' },
      },
      { TimeoutSeconds: 100, Comment: 'c' },
    );
    delete (full.States.A as { End?: true }).End;
    expect(problemsOf(full)).toEqual([]);
  });

  test('reports all faults at once, each with its state', () => {
    const found = problemsOf({
      QueryLanguage: 'JSONPath',
      StartAt: 'Nowhere',
      TimeoutSeconds: 0,
      ProcessorConfig: {},
      States: {
        A: { Type: 'Map', End: true },
        B: { Type: 'Parallel', End: true },
        C: { Type: 'Pass', Next: 'Gone' },
        D: 'text',
      },
    });
    expect(found).toEqual([
      '(machine): the field ProcessorConfig is not supported in the machine',
      '(machine): QueryLanguage must be JSONata',
      '(machine): TimeoutSeconds must be a whole number of seconds from 1 to 99,999,999',
      'A: the type Map is not supported',
      'B: the type Parallel is not supported',
      'D: is not an object',
      '(machine): StartAt does not name a state: "Nowhere"',
      'C: a transition does not name a state: "Gone"',
      'A: is never reached',
      'B: is never reached',
      'C: is never reached',
    ]);
  });

  test.each([
    ['a Task without a limit', { ...task(), TimeoutSeconds: undefined }, /needs TimeoutSeconds/],
    ['a limit of zero', task({ TimeoutSeconds: 0 }), /TimeoutSeconds must be/],
    ['heartbeats', { ...task(), HeartbeatSeconds: 5 }, /HeartbeatSeconds is not supported/],
    ['another resource', task({ Resource: 'arn:aws:states:::sqs:sendMessage' }), /sqs:sendMessage is not supported/],
    ['JSONPath', { ...task(), Parameters: {} }, /Parameters is not supported.*JSONPath; use Arguments/],
    ['ResultPath', { ...task(), ResultPath: '$' }, /ResultPath.*use Output/],
    ['InputPath', { Type: 'Pass', End: true, InputPath: '$' }, /InputPath is not supported/],
    ['a state with a language of its own', { ...task(), QueryLanguage: 'JSONata' }, /QueryLanguage is not supported/],
    ['no Arguments', { ...task(), Arguments: undefined }, /Arguments must be/],
    ['no FunctionName', task({ Arguments: { FunctionName: '' } }), /FunctionName/],
    ['other Arguments', { ...task(), Arguments: { FunctionName: 'f', Qualifier: '1' } }, /Qualifier is not supported/],
    ['Next and End', { Type: 'Pass', End: true, Next: 'A' }, /either Next or End/],
    ['neither Next nor End', { Type: 'Pass' }, /either Next or End/],
    ['no terminal state', { Type: 'Pass', Next: 'A' }, /no state ends/],
    ['an empty Choice', { Type: 'Choice', Choices: [], Default: 'A' }, /no Choices/],
    ['a JSONPath rule', { Type: 'Choice', Choices: [{ Variable: '$.x', Next: 'A' }] }, /Variable.*use Condition/],
    ['a Condition in plain text', { Type: 'Choice', Choices: [{ Condition: 'true', Next: 'A' }] }, /Condition must be/],
    ['a Wait without a time', { Type: 'Wait', End: true }, /either Seconds or Timestamp/],
    ['a Wait with two', { Type: 'Wait', End: true, Seconds: 1, Timestamp: '2026-01-01T00:00:00Z' }, /either Seconds/],
    ['a broken Timestamp', { Type: 'Wait', End: true, Timestamp: 'tomorrow' }, /RFC 3339/],
    ['half a second', { Type: 'Wait', End: true, Seconds: 0.5 }, /Seconds must be/],
    ['Assign in Succeed', { Type: 'Succeed', Assign: { a: 1 } }, /Assign is not supported in a Succeed/],
    ['a variable called states', { Type: 'Pass', End: true, Assign: { states: 1 } }, /reserved/],
    ['a variable with a dot', { Type: 'Pass', End: true, Assign: { 'a.b': 1 } }, /not a valid variable name/],
    ['Retry without errors', task({ Retry: [{ ErrorEquals: [] }] }), /must name errors/],
    ['Retry that is no list', { ...task(), Retry: {} }, /must be a list/],
    [
      'Retry with an unknown field',
      task({ Retry: [{ ErrorEquals: ['X'], Next: 'A' } as never] }),
      /Next is not supported in Retry/,
    ],
    [
      'States.ALL with others',
      task({ Retry: [{ ErrorEquals: ['X', 'States.ALL'] }] }),
      /alone and in the last rule of Retry/,
    ],
    [
      'States.ALL before others',
      task({
        Catch: [
          { ErrorEquals: ['States.ALL'], Next: 'A' },
          { ErrorEquals: ['X'], Next: 'A' },
        ],
      }),
      /alone and in the last rule of Catch/,
    ],
    ['States.Runtime caught', task({ Catch: [{ ErrorEquals: ['States.Runtime'], Next: 'A' }] }), /never matches/],
    ['an error of its own under States', task({ Retry: [{ ErrorEquals: ['States.Typo'] }] }), /States.Typo/],
    ['BackoffRate below 1', task({ Retry: [{ ErrorEquals: ['X'], BackoffRate: 0.5 }] }), /BackoffRate/],
    ['negative MaxAttempts', task({ Retry: [{ ErrorEquals: ['X'], MaxAttempts: -1 }] }), /MaxAttempts/],
    ['IntervalSeconds of zero', task({ Retry: [{ ErrorEquals: ['X'], IntervalSeconds: 0 }] }), /IntervalSeconds/],
    [
      'MaxDelaySeconds of a year',
      task({ Retry: [{ ErrorEquals: ['X'], MaxDelaySeconds: 31_622_400 }] }),
      /MaxDelaySeconds/,
    ],
    ['another jitter', task({ Retry: [{ ErrorEquals: ['X'], JitterStrategy: 'SOME' as never }] }), /JitterStrategy/],
    ['a dangling Catch', waiting({ Catch: [{ ErrorEquals: ['X'], Next: 'B' }] }), /does not name a state: "B"/],
    ['an inherited name as a state', { Type: 'toString', End: true }, /type toString is not supported/],
  ])('refuses %s', (_, state, message) => {
    expect(only(state).join('\n')).toMatch(message);
    expect(only(state).every((problem) => /^(A|\(machine\)): /.test(problem))).toBe(true);
  });

  test.each([
    ['$states.input.(', /does not parse/],
    ['$eval("1")', /\$eval is not available/],
    ['"1" ~> $eval', /\$eval is not available/],
    ['$sha("x")', /\$sha, which is neither a function nor assigned by a state/],
    ['$typo.a', /\$typo, which is neither a function nor assigned by a state/],
    ['input.a', /reads input without a context/],
    ['$', /reads \$ at the top/],
    ['$$.a', /reads \$\$/],
    ['$map([1], function($v){ $v + $w })', /\$w/],
  ])('refuses the expression %s', (expression, message) => {
    expect(output(expression).join('\n')).toMatch(message);
  });

  test.each([
    '$states.input.items[price > 3].{"name": name, "all": $}',
    '($f := function($n){ $n < 2 ? 1 : $n * $f($n - 1) }; $f(5))',
    '$map($range(1, 3, 1), function($v, $i){ $v + $i })',
    '$states.input.items@$item#$i.{"n": $item.name, "i": $i}',
    '$states.input.items^(>price){kind: $sum(price)}',
    '$states.input ~> |items|{"price": price * 2}|',
    '$states.input.items ~> $count',
    '[1..3].($ * 2)',
    '$first := $substring(?, 0, 1)',
  ])('accepts the expression %s', (expression) => {
    expect(output(expression)).toEqual([]);
  });

  test('refuses an incomplete expression, wherever it is', () => {
    expect(only({ Type: 'Pass', End: true, Output: { a: ['{% 1 }'] } })[0]).toMatch(/an incomplete expression/);
    expect(only({ Type: 'Pass', End: true, Output: ' {% 1 %}' })[0]).toMatch(/an incomplete expression/);
    expect(only({ Type: 'Pass', End: true, Comment: '{% not read', Output: 1 })).toEqual([]);
  });

  test('refuses what is no definition at all', () => {
    for (const nothing of [undefined, null, 3, [], 'x']) expect(problemsOf(nothing).length).toBeGreaterThan(1);
  });
});
