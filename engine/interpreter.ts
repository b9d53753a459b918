import {
  type CatchRule,
  type ChoiceRule,
  type RetryRule,
  type State,
  type StateMachine,
  type TaskState,
  waitResource,
} from './asl.ts';
import type { EngineClock } from './clock.ts';
import { matches, StateError } from './errors.ts';
import { bounded, evaluate, type Scope, seconds } from './expression.ts';
import type { HistoryEntry, Row } from './journal.ts';
import type { EngineEvent, InvokeContext } from './options.ts';

export interface InterpreterOptions {
  name: string;
  clock: EngineClock;
  invoke(functionName: string, payload: unknown, context: InvokeContext): Promise<unknown>;
  random(): number;
  token(row: Row): string;
  onEvent(event: EngineEvent): void;
}

export type StepResult =
  | { kind: 'moved'; left: HistoryEntry }
  | { kind: 'parked' }
  | { kind: 'ended'; status: 'SUCCEEDED'; output: string; error?: undefined; cause?: undefined }
  | { kind: 'ended'; status: 'FAILED'; error: string; cause: string; output?: undefined };

/** Where a state leads and what it leaves: the fields that a rule or the state itself gives. */
interface Way {
  next: string | undefined;
  output: unknown;
  assign: Record<string, unknown> | undefined;
}

const account = 'arn:aws:states:local:000000000000';

/** Runs one state of one execution, changing its row; what to write and when is the engine's. */
export class Interpreter {
  readonly #options: InterpreterOptions;

  constructor(options: InterpreterOptions) {
    this.#options = options;
  }

  waitsForToken(machine: StateMachine, row: Row): boolean {
    const state = machine.States[row.state];
    return state?.Type === 'Task' && state.Resource === waitResource;
  }

  async step(machine: StateMachine, row: Row, signal: AbortSignal): Promise<StepResult> {
    const state = machine.States[row.state];
    if (!state)
      return { kind: 'ended', status: 'FAILED', error: 'States.Runtime', cause: `There is no state ${row.state}.` };
    const { clock, onEvent } = this.#options;
    const idle = row.stage !== 'run' && row.answer === null;
    if (idle && row.due !== null && row.due > clock.now()) return { kind: 'parked' };
    if (row.stage === 'retry') Object.assign(row, { stage: 'run', due: row.expiresAt } satisfies Partial<Row>);
    const scope: Scope = {
      states: { input: JSON.parse(row.value), context: this.#context(row) },
      variables: JSON.parse(row.variables) as Record<string, unknown>,
    };
    if (row.stage === 'run' && row.tries === 0 && row.answer === null) {
      onEvent({ type: 'StateEntered', execution: row.name, state: row.state, at: row.enteredAt });
    }
    try {
      const way = await this.#run(state, row, scope, signal);
      return way === 'parked' ? { kind: 'parked' } : this.#leave(row, way, null);
    } catch (error) {
      if (!(error instanceof StateError) || signal.aborted) throw error;
      return this.#failed(state, row, scope, error);
    }
  }

  async #run(state: State, row: Row, scope: Scope, signal: AbortSignal): Promise<Way | 'parked'> {
    switch (state.Type) {
      case 'Task': {
        const result = await this.#task(state, row, scope, signal);
        if (result === undefined) return 'parked';
        scope.states.result = result.value;
        return this.#way(state, state.Next, scope, result.value);
      }
      case 'Wait': {
        if (row.stage === 'run') {
          const { clock } = this.#options;
          const until =
            state.Seconds === undefined
              ? await this.#moment(state.Timestamp ?? '', scope)
              : clock.now() + 1000 * (await seconds(state.Seconds, scope, 'Seconds'));
          Object.assign(row, { stage: 'wait', due: earliest(until, row.expiresAt) } satisfies Partial<Row>);
          if (until > clock.now()) return 'parked';
        }
        return this.#way(state, state.Next, scope, scope.states.input);
      }
      case 'Pass':
        return this.#way(state, state.Next, scope, scope.states.input);
      case 'Succeed':
        return {
          next: undefined,
          output: state.Output === undefined ? scope.states.input : await evaluate(state.Output, scope),
          assign: undefined,
        };
      case 'Choice': {
        for (const rule of state.Choices) {
          const holds = await evaluate(rule.Condition, scope);
          if (typeof holds !== 'boolean')
            throw new StateError('States.QueryEvaluationError', `${rule.Condition} is no boolean.`);
          if (holds) return this.#way(rule, rule.Next, scope, scope.states.input);
        }
        if (state.Default === undefined)
          throw new StateError('States.NoChoiceMatched', `No choice of ${row.state} matched.`);
        return this.#way(state, state.Default, scope, scope.states.input);
      }
      case 'Fail': {
        const [error, cause] = [
          await evaluate(state.Error ?? 'States.Failed', scope),
          await evaluate(state.Cause ?? '', scope),
        ];
        throw new StateError(String(error), String(cause));
      }
    }
  }

  /** The result, or undefined while its token is out. */
  async #task(state: TaskState, row: Row, scope: Scope, signal: AbortSignal): Promise<{ value: unknown } | undefined> {
    if (row.answer !== null) return answered(row.answer);
    const { clock, invoke, token } = this.#options;
    if (row.stage === 'token') throw new StateError('States.Timeout', 'The token was not answered in time.');
    const waits = state.Resource === waitResource;
    if (waits) (scope.states.context as Record<string, unknown>).Task = { Token: token(row) };
    const limit = await seconds(state.TimeoutSeconds, scope, 'TimeoutSeconds');
    const deadline = clock.now() + limit * 1000;
    const args = (await evaluate(state.Arguments, scope)) as { FunctionName?: unknown; Payload?: unknown } | null;
    bounded(args, 'The arguments');
    const call = new AbortController();
    const stop = (): void => call.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    let cancel = (): void => undefined;
    const late = new Promise<never>((_, reject) => {
      cancel = clock.after(Math.min(limit * 1000, 2 ** 31 - 1), () =>
        reject(new StateError('States.Timeout', `${row.state} took more than ${limit} s.`)),
      );
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    late.catch(() => undefined);
    try {
      const context = { execution: row.name, state: row.state, signal: call.signal };
      const payload = await Promise.race([late, invoke(String(args?.FunctionName), args?.Payload ?? {}, context)]);
      if (!waits) {
        const Payload: unknown = payload === undefined ? null : JSON.parse(bounded(payload, 'The result'));
        return { value: { StatusCode: 200, ExecutedVersion: '$LATEST', Payload } };
      }
    } catch (error) {
      // The function may have answered its own token and failed after that; the answer came first.
      if (row.answer === null || signal.aborted) throw asStateError(error, signal);
    } finally {
      cancel();
      signal.removeEventListener('abort', stop);
      call.abort();
    }
    Object.assign(row, { stage: 'token', due: earliest(deadline, row.expiresAt) } satisfies Partial<Row>);
    return row.answer === null ? undefined : answered(row.answer);
  }

  async #moment(template: string, scope: Scope): Promise<number> {
    const at = Date.parse(String(await evaluate(template, scope)));
    if (Number.isNaN(at)) throw new StateError('States.QueryEvaluationError', 'Timestamp is no ISO 8601 time.');
    return at;
  }

  /** Assign and Output see the same variables: those from before the state. */
  async #way(
    from: Pick<State & ChoiceRule & CatchRule, 'Assign' | 'Output'>,
    next: string | undefined,
    scope: Scope,
    otherwise: unknown,
  ): Promise<Way> {
    const [output, assign] = await Promise.all([
      from.Output === undefined ? otherwise : evaluate(from.Output, scope),
      from.Assign === undefined ? undefined : (evaluate(from.Assign, scope) as Promise<Record<string, unknown>>),
    ]);
    return { next, output, assign };
  }

  #leave(row: Row, way: Way, error: string | null): StepResult {
    const now = this.#options.clock.now();
    const output = bounded(way.output, `The output of ${row.state}`);
    for (const [name, value] of Object.entries(way.assign ?? {})) bounded(value, `The variable ${name}`);
    this.#options.onEvent({ type: 'StateExited', execution: row.name, state: row.state, at: now });
    if (way.next === undefined) return { kind: 'ended', status: 'SUCCEEDED', output };
    const left: HistoryEntry = {
      state: row.state,
      visit: row.visit,
      enteredAt: row.enteredAt,
      exitedAt: now,
      retries: row.tries,
      error,
    };
    if (way.assign) row.variables = JSON.stringify({ ...(JSON.parse(row.variables) as object), ...way.assign });
    Object.assign(row, {
      state: way.next,
      visit: row.visit + 1,
      enteredAt: now,
      stage: 'run',
      retries: '{}',
      tries: 0,
      value: output,
      answer: null,
      due: row.expiresAt,
    } satisfies Partial<Row>);
    return { kind: 'moved', left };
  }

  /** Retry, then Catch, then the end of the execution. */
  async #failed(state: State, row: Row, scope: Scope, failure: StateError): Promise<StepResult> {
    const { onEvent, clock } = this.#options;
    const told = { execution: row.name, state: row.state, error: failure.error, at: clock.now() };
    if (state.Type === 'Task') {
      const index = (state.Retry ?? []).findIndex((rule) => matches(rule.ErrorEquals, failure.error));
      const rule = state.Retry?.[index];
      const counts = JSON.parse(row.retries) as Record<string, number>;
      const count = counts[index] ?? 0;
      if (rule && count < (rule.MaxAttempts ?? 3)) {
        onEvent({ type: 'TaskRetried', ...told });
        Object.assign(row, {
          stage: 'retry',
          retries: JSON.stringify({ ...counts, [index]: count + 1 }),
          tries: row.tries + 1,
          answer: null,
          due: earliest(clock.now() + delayMs(rule, count, this.#options.random()), row.expiresAt),
        } satisfies Partial<Row>);
        return { kind: 'parked' };
      }
      const caught = (state.Catch ?? []).find((rule) => matches(rule.ErrorEquals, failure.error));
      if (caught) {
        onEvent({ type: 'TaskCaught', ...told });
        try {
          const errorOutput = { Error: failure.error, Cause: failure.failure };
          const way = await this.#way(
            caught,
            caught.Next,
            { ...scope, states: { ...scope.states, errorOutput } },
            errorOutput,
          );
          return this.#leave(row, way, failure.error);
        } catch (error) {
          if (!(error instanceof StateError)) throw error;
          return { kind: 'ended', status: 'FAILED', error: error.error, cause: error.failure };
        }
      }
    }
    return { kind: 'ended', status: 'FAILED', error: failure.error, cause: failure.failure };
  }

  #context(row: Row): Record<string, unknown> {
    const { name } = this.#options;
    return {
      Execution: {
        Id: `${account}:execution:${name}:${row.name}`,
        Input: JSON.parse(row.input) as unknown,
        Name: row.name,
        RoleArn: 'arn:aws:iam::000000000000:role/local',
        StartTime: new Date(row.startedAt).toISOString(),
        RedriveCount: 0,
      },
      StateMachine: { Id: `${account}:stateMachine:${name}`, Name: name },
      State: { Name: row.state, EnteredTime: new Date(row.enteredAt).toISOString(), RetryCount: row.tries },
    };
  }
}

function answered(text: string): { value: unknown } {
  const answer = JSON.parse(text) as { output: unknown } | { error: string; cause: string };
  if ('error' in answer) throw new StateError(answer.error, answer.cause);
  return { value: answer.output };
}

const earliest = (at: number, limit: number | null): number => (limit === null ? at : Math.min(at, limit));

/** Exponential backoff, capped, then full jitter: anything between nothing and all of it. */
export function delayMs(rule: RetryRule, retriesSoFar: number, random: number): number {
  const grown = (rule.IntervalSeconds ?? 1) * (rule.BackoffRate ?? 2) ** retriesSoFar;
  const capped = Math.min(grown, rule.MaxDelaySeconds ?? Number.POSITIVE_INFINITY);
  return Math.round(1000 * capped * (rule.JitterStrategy === 'FULL' ? random : 1));
}

/** A function's error as Lambda reports it: its name, and a JSON of name and message. */
function asStateError(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof StateError || signal.aborted) return error;
  const name = error instanceof Error ? error.name : 'Error';
  const errorMessage = error instanceof Error ? error.message : String(error);
  return new StateError(name, JSON.stringify({ errorType: name, errorMessage, trace: [] }));
}
