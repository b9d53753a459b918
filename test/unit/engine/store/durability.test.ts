import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { State, StateMachine } from '../../../../engine/asl/types.ts';
import { failure, folder, machine, TestClock, task, turns, type World, waiting, world } from '../world.ts';

/**
 * Machines of steps in a row, some of which skip ahead: each Task adds to the number it is given; flaky ones fail some
 * times first, refused ones are caught, some are answered by token, some of those fail their token first.
 */
const kinds = ['task', 'flaky', 'refused', 'token', 'refused-token', 'wait', 'choice', 'pass'] as const;
const step = fc.record({
  kind: fc.constantFrom(...kinds),
  skip: fc.integer({ min: 1, max: 3 }),
  n: fc.integer({ min: 1, max: 2 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const add = '{% {"n": $states.input.n + 1} %}';
const input = { n: '{% $states.input.n %}', attempt: '{% $states.context.State.RetryCount %}' };
const Retry = [{ ErrorEquals: ['Flaky'], MaxAttempts: 3 }];

function machineOf(steps: Step[]): StateMachine {
  const states: Record<string, State> = {};
  steps.forEach(({ kind, skip, n }, i) => {
    const name = `S${i}-${kind}-${n}`;
    const to = (j: number): string => {
      const target = steps[j];
      return target ? `S${j}-${target.kind}-${target.n}` : 'End';
    };
    const Next = to(i + 1);
    const Catch = [
      {
        ErrorEquals: ['Refused'],
        Next: to(i + skip),
        Assign: { refused: '{% $states.errorOutput.Error %}' },
        Output: add,
      },
    ];
    const work = (state: ReturnType<typeof task>): State => {
      const { End: _, ...rest } = state;
      return { ...rest, Next, Retry, Catch } as State;
    };
    if (kind === 'wait') states[name] = { Type: 'Wait', Seconds: n * 1000, Next };
    else if (kind === 'pass')
      states[name] = { Type: 'Pass', Assign: { seen: '{% $states.input.n %}' }, Output: add, Next };
    else if (kind === 'choice')
      states[name] = {
        Type: 'Choice',
        Choices: [{ Condition: '{% $states.input.n % 2 = 0 %}', Next: to(i + skip) }],
        Default: Next,
      };
    else if (kind === 'token' || kind === 'refused-token')
      states[name] = work(waiting({ Arguments: { FunctionName: name, Payload: input }, TimeoutSeconds: 864_000 }));
    else
      states[name] = work(
        task({ Arguments: { FunctionName: name, Payload: input }, Output: '{% $states.result.Payload %}' }),
      );
  });
  return machine({ ...states, End: { Type: 'Succeed' } });
}

interface Payload {
  n: number;
  attempt: number;
}
const perform = (name: string, { n, attempt }: Payload): unknown => {
  const [, kind, count] = name.split('-');
  if (kind === 'flaky' && attempt < Number(count)) throw failure('Flaky');
  if (kind === 'refused') throw failure('Refused');
  return { n: n + 3 };
};

/** Plays everybody outside the engine until the execution has ended: moves the clock, answers tokens, the same way each time. */
async function play(w: World, tokens: Map<string, string>): Promise<unknown> {
  for (let i = 0; i < 500; i += 1) {
    const execution = w.engine.describe('x');
    if (execution?.status !== 'RUNNING')
      return { status: execution?.status, output: execution?.output, error: execution?.error };
    if (execution.waiting === 'timer') await w.clock.advance(1_000_000);
    else if (execution.waiting === 'token') {
      const token = tokens.get(execution.state ?? '') ?? '';
      if (execution.state?.includes('refused')) await w.engine.sendTaskFailure(token, 'Refused', '');
      else await w.engine.sendTaskSuccess(token, { n: 100 });
    } else await turns(1);
  }
  throw new Error('does not end');
}

const logged = ({ calls }: World): string[] =>
  calls.map(({ functionName, payload }) => `${functionName} ${JSON.stringify(payload)}`);

function start(
  definition: StateMachine,
  file: string,
  clock: TestClock,
  tokens: Map<string, string>,
  committed?: (n: number) => void,
): World {
  return world(
    definition,
    (payload: Payload, { state, token }) => {
      if (token !== undefined) tokens.set(state, token);
      return perform(state, payload);
    },
    { file, clock, ...(committed ? { committed } : {}) },
  );
}

describe('R12: after a crash', () => {
  test('at every record of any machine, the rest runs as if nothing had happened and nothing finished runs again', async () => {
    const dir = folder();
    let files = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 7 }), async (steps) => {
        const definition = machineOf(reachable(steps));
        const file = join(dir, `m${files++}`);
        const clock = new TestClock();
        const tokens = new Map<string, string>();
        const crashes: { file: string; calls: number; now: number; tokens: Map<string, string> }[] = [];
        const w = start(definition, file, clock, tokens, (commits) => {
          const copy = `${file}.${commits}`;
          for (const part of ['', '-wal']) if (existsSync(file + part)) copyFileSync(file + part, copy + part);
          crashes.push({ file: copy, calls: w.calls.length, now: clock.now(), tokens: new Map(tokens) });
        });
        await w.engine.start('x', { n: 0 });
        const end = await play(w, tokens);
        const whole = logged(w);
        const visits = w.engine
          .history('x')
          .map(({ state, visit, retries, error }) => ({ state, visit, retries, error }));
        await w.engine.close();
        expect(crashes.length).toBeGreaterThan(0);
        for (const crash of crashes) {
          const again = start(definition, crash.file, new TestClock(crash.now), crash.tokens);
          await again.engine.resume();
          expect(await play(again, crash.tokens)).toEqual(end);
          expect(logged(again)).toEqual(whole.slice(crash.calls));
          expect(
            again.engine.history('x').map(({ state, visit, retries, error }) => ({ state, visit, retries, error })),
          ).toEqual(visits);
          await again.engine.close();
        }
      }),
      { numRuns: 10 },
    );
  }, 30_000);
});

/** Cuts the skips of those that would leave a step out for good: a refused one always skips. */
function reachable(steps: Step[]): Step[] {
  return steps.map((one) => (one.kind === 'refused' ? { ...one, skip: 1 } : one));
}
