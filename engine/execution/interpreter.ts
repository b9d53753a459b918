import { evaluate, isTimestamp, type Scope, seconds } from '../asl/expression.ts';
import { bounded, isObject } from '../asl/json.ts';
import { delayMs, matches, maxAttemptsOf } from '../asl/retry.ts';
import {
  type ChoiceState,
  type FailState,
  type State,
  type TaskState,
  type WaitState,
  waitResource,
} from '../asl/types.ts';
import { StateError } from '../errors.ts';
import type { Draft } from './transition.ts';

/** What moves an execution on. */
export type Cause =
  | { type: 'begin' }
  /** The function, or the answer to the token, gave this. */
  | { type: 'result'; value: unknown }
  | { type: 'failure'; error: string; cause: string }
  /** The function of a `waitForTaskToken` state has returned. */
  | { type: 'launched' }
  /** The deadline of its stage has passed. */
  | { type: 'elapsed' };

/**
 * Moves a running execution on, through as many states as need nothing from outside, to where it has to wait or ends:
 * all of that is one record in the journal.
 * Semantics: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html, STANDARD.
 */
export async function advance(draft: Draft, cause: Cause, random: () => number): Promise<void> {
  let next = cause.type === 'begin' ? draft.machine.StartAt : await react(draft, cause, random);
  while (next !== undefined) {
    draft.enter(next);
    if (draft.row.status !== 'RUNNING') return;
    const state = stateOf(draft);
    next = await guarded(draft, state, random, () => open(draft, state));
  }
}

/** Whether the execution's state waits for a token. */
export function waitsForToken(draft: Draft): boolean {
  const state = stateOf(draft);
  return state.Type === 'Task' && state.Resource === waitResource;
}

/** Evaluates what to invoke. @throws StateError. */
export async function callOf(draft: Draft, token?: string): Promise<{ functionName: string; payload: unknown }> {
  const state = stateOf(draft);
  if (state.Type !== 'Task') throw new StateError('States.Runtime', `${draft.row.state} is no Task.`);
  const scope = draft.scope();
  if (token !== undefined) scope.states.context = { ...(scope.states.context as object), Task: { Token: token } };
  const evaluated = await evaluate(state.Arguments, scope);
  const { FunctionName, Payload = {} } = JSON.parse(bounded(evaluated, 'Arguments')) as Record<string, unknown>;
  if (typeof FunctionName === 'string' && FunctionName !== '') return { functionName: FunctionName, payload: Payload };
  throw new StateError('States.QueryEvaluationError', 'FunctionName is no text.');
}

function stateOf({ machine, row }: Draft): State {
  const state = Object.hasOwn(machine.States, row.state) ? machine.States[row.state] : undefined;
  if (!state) throw new Error(`the definition has no state ${row.state}`);
  return state;
}

/** Each of these returns the state to enter next, or undefined where the execution waits or has ended. */
type Next = Promise<string | undefined>;

async function react(draft: Draft, cause: Exclude<Cause, { type: 'begin' }>, random: () => number): Next {
  const { row } = draft;
  const state = stateOf(draft);
  return guarded(draft, state, random, async () => {
    switch (cause.type) {
      case 'result': {
        const result: unknown = JSON.parse(bounded(cause.value, `The result of ${row.state}`));
        return leave(draft, state, draft.scope({ result }), result);
      }
      case 'failure':
        throw new StateError(cause.error, cause.cause);
      case 'launched':
        draft.park('token', row.deadline ?? draft.now);
        return undefined;
      case 'elapsed':
        if (row.stage === 'wait') return leave(draft, state, draft.scope(), JSON.parse(row.value));
        if (row.stage === 'backoff') return open(draft, state);
        throw new StateError('States.Timeout', `${row.state} was not done in time.`);
    }
  });
}

async function open(draft: Draft, state: State): Next {
  const scope = draft.scope();
  switch (state.Type) {
    case 'Pass':
      return leave(draft, state, scope, scope.states.input);
    case 'Succeed':
      await draft.leave(state, scope, scope.states.input);
      draft.end('SUCCEEDED');
      return undefined;
    case 'Fail':
      throw await failureOf(state, scope);
    case 'Choice':
      return choose(draft, state, scope);
    case 'Wait':
      return wait(draft, state, scope);
    case 'Task': {
      draft.row.events += 3; // scheduled, started, and how it ends
      const limit = await seconds(state.TimeoutSeconds, scope, 'TimeoutSeconds', 1);
      draft.park('invoke', draft.now + 1000 * limit);
      return undefined;
    }
  }
}

async function leave(draft: Draft, state: State, scope: Scope, otherwise: unknown): Next {
  await draft.leave(state.Type === 'Fail' ? {} : state, scope, otherwise);
  if ('Next' in state && state.Next !== undefined) return state.Next;
  draft.end('SUCCEEDED');
  return undefined;
}

async function choose(draft: Draft, state: ChoiceState, scope: Scope): Next {
  for (const rule of state.Choices) {
    const holds = await evaluate(rule.Condition, scope);
    if (typeof holds !== 'boolean')
      throw new StateError('States.QueryEvaluationError', `${rule.Condition} is ${JSON.stringify(holds)}, no boolean.`);
    if (!holds) continue;
    await draft.leave(rule, scope, scope.states.input);
    return rule.Next;
  }
  if (state.Default === undefined)
    throw new StateError('States.NoChoiceMatched', `No choice of ${draft.row.state} holds.`);
  await draft.leave(state, scope, scope.states.input);
  return state.Default;
}

async function wait(draft: Draft, state: WaitState, scope: Scope): Next {
  const until =
    state.Seconds === undefined
      ? moment(await evaluate(state.Timestamp, scope))
      : draft.now + 1000 * (await seconds(state.Seconds, scope, 'Seconds', 0));
  if (until <= draft.now) return leave(draft, state, scope, scope.states.input);
  draft.park('wait', until);
  return undefined;
}

function moment(value: unknown): number {
  if (isTimestamp(value)) return Date.parse(value);
  throw new StateError('States.QueryEvaluationError', `Timestamp is ${JSON.stringify(value)}, no RFC 3339 time.`);
}

async function failureOf(state: FailState, scope: Scope): Promise<StateError> {
  const [error, cause] = await Promise.all([evaluate(state.Error ?? '', scope), evaluate(state.Cause ?? '', scope)]);
  if (typeof error === 'string' && typeof cause === 'string') return new StateError(error, cause);
  return new StateError('States.QueryEvaluationError', 'Error and Cause must be texts.');
}

/** Does it; a Task that fails is retried, else caught; any other failure ends the execution. */
async function guarded(draft: Draft, state: State, random: () => number, work: () => Next): Next {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    if (state.Type === 'Task' && retried(draft, state, error, random)) return undefined;
    const next = state.Type === 'Task' ? await caught(draft, state, error) : undefined;
    if (next === undefined && draft.row.status === 'RUNNING')
      draft.end('FAILED', { error: error.error, cause: error.failure });
    return next;
  }
}

function retried(draft: Draft, state: TaskState, { error }: StateError, random: () => number): boolean {
  const { row } = draft;
  const index = (state.Retry ?? []).findIndex((rule) => matches(rule.ErrorEquals, error));
  const rule = state.Retry?.[index];
  const counts = JSON.parse(row.retries) as number[];
  const count = counts[index] ?? 0;
  if (!rule || count >= maxAttemptsOf(rule)) return false;
  const wait = delayMs(rule, count, random);
  draft.tell('TaskRetried', { error, delayMs: wait });
  row.retries = JSON.stringify((state.Retry ?? []).map((_, i) => (counts[i] ?? 0) + (i === index ? 1 : 0)));
  row.tries += 1;
  row.transitions += 1;
  draft.park('backoff', draft.now + wait);
  return true;
}

/** Goes where a Catch leads. A Catch that fails itself is not caught: it ends the execution. */
async function caught(draft: Draft, state: TaskState, { error, failure }: StateError): Next {
  const rule = (state.Catch ?? []).find((candidate) => matches(candidate.ErrorEquals, error));
  if (!rule) return undefined;
  const errorOutput = { Error: error, Cause: failure };
  try {
    draft.tell('TaskCaught', { error });
    await draft.leave(rule, draft.scope({ errorOutput }), errorOutput, error);
    return rule.Next;
  } catch (second) {
    if (!(second instanceof StateError)) throw second;
    draft.end('FAILED', { error: second.error, cause: second.failure });
    return undefined;
  }
}

/** Lambda's answer to a request. */
export const lambdaResult = (payload: unknown): unknown => ({
  StatusCode: 200,
  ExecutedVersion: '$LATEST',
  Payload: payload === undefined ? null : payload,
});

/** Keeps a cause below Step Functions' 32,768 characters. */
const maxMessage = 16_000;

/** What a function threw, as Lambda reports it: the name, and a JSON of name and message. */
export function lambdaFailure(thrown: unknown): { error: string; cause: string } {
  const named = isObject(thrown) && typeof thrown.name === 'string' && thrown.name !== '';
  const errorType = named ? String(thrown.name) : typeof thrown;
  const message = isObject(thrown) ? thrown.message : thrown;
  const errorMessage = String(message ?? '').slice(0, maxMessage);
  return { error: errorType, cause: JSON.stringify({ errorType, errorMessage }) };
}
