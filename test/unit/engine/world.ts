import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { State, StateMachine, TaskState } from '../../../engine/asl/types.ts';
import { Engine, type EngineOptions, type Execution } from '../../../engine/engine.ts';
import type { EngineEvent, InvokeContext } from '../../../engine/options.ts';
import type { EngineClock } from '../../../engine/timing/clock.ts';

/** A clock that stands still until it is moved. */
export class TestClock implements EngineClock {
  #now: number;
  readonly #timers = new Set<{ at: number; call: () => void }>();
  constructor(now = Date.parse('2026-11-21T08:00:00Z')) {
    this.#now = now;
  }
  now = (): number => this.#now;
  after = (ms: number, call: () => void): (() => void) => {
    const timer = { at: this.#now + ms, call };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };
  /** The time is set, or the machine slept: timers, which count on their own, ring as much later. */
  set(now: number): void {
    for (const timer of this.#timers) timer.at += now - this.#now;
    this.#now = now;
  }
  /** Time passes at once; whatever should have rung rings now. */
  async leap(ms: number): Promise<void> {
    this.#now += ms;
    await this.advance(0);
  }
  /** Moves on step by step, ringing what is due and letting the engine work in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await turns(20);
      const next = [...this.#timers].sort((a, b) => a.at - b.at)[0];
      if (!next || next.at > end) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.call();
    }
    this.#now = end;
    await turns(20);
  }
}

/** Lets so many turns of the event loop pass; each holds one commit. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

export async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 5_000; i += 1) {
    if (holds()) return;
    await turns(1);
  }
  throw new Error(`never came true: ${holds}`);
}

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'engine-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export const task = (more: Partial<TaskState> = {}): TaskState => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: 'work', Payload: '{% $states.input %}' },
  TimeoutSeconds: 60,
  End: true,
  ...more,
});
export const waiting = (more: Partial<TaskState> = {}): TaskState =>
  task({
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Arguments: { FunctionName: 'ask', Payload: { token: '{% $states.context.Task.Token %}' } },
    ...more,
  });

/** A machine that begins with the first of these states. */
export const machine = (States: Record<string, State>, more: Partial<StateMachine> = {}): StateMachine => ({
  QueryLanguage: 'JSONata',
  StartAt: Object.keys(States)[0] ?? '',
  States,
  ...more,
});

interface Call {
  functionName: string;
  payload: unknown;
  context: InvokeContext;
}
type Handler = (payload: never, context: InvokeContext) => unknown;

export interface World {
  engine: Engine;
  clock: TestClock;
  calls: Call[];
  events: EngineEvent[];
  /** The token of the last call that had one. */
  token(): string;
  /** Runs one execution to its end. */
  run(input?: unknown, name?: string): Promise<Execution>;
}

/** An engine on its own journal, closed at the end of the test. */
export function world(
  definition: StateMachine,
  handler: Handler = () => null,
  options: Partial<EngineOptions> & { clock?: TestClock; committed?: (commits: number) => void } = {},
): World {
  const clock = options.clock ?? new TestClock();
  const calls: Call[] = [];
  const events: EngineEvent[] = [];
  const { committed, ...rest } = options;
  const engine = Engine.open(
    {
      file: ':memory:',
      name: 'machine',
      definition,
      async invoke(functionName, payload, context) {
        calls.push({ functionName, payload, context });
        return handler(payload as never, context);
      },
      onEvent: (event) => void events.push(event),
      ...rest,
      clock,
    },
    committed,
  );
  onTestFinished(() => engine.close());
  return {
    engine,
    clock,
    calls,
    events,
    token: () => calls.findLast(({ context }) => context.token !== undefined)?.context.token ?? 'none',
    async run(input = {}, name = 'x') {
      await engine.start(name, input);
      return engine.done(name);
    },
  };
}

/** What a function throws. */
export const failure = (name: string, message = 'no'): Error => Object.assign(new Error(message), { name });
