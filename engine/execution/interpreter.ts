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
import type { Transition } from './transition.ts';

/** The trigger of a transition. */
export type Cause =
  | { type: 'begin' }
  /** The result of the function or the answer to the token. */
  | { type: 'result'; value: unknown }
  | { type: 'failure'; error: string; cause: string }
  /** The function of a `waitForTaskToken` state has returned. */
  | { type: 'launched' }
  /** The deadline of the stage has passed. */
  | { type: 'elapsed' };

/**
 * Moves a running execution on, through all states that need no external result, until it waits or ends. All of this is
 * one record in the journal.
 * Semantics: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html, STANDARD.
 */
export async function advance(transition: Transition, cause: Cause, random: () => number): Promise<void> {
  let next = cause.type === 'begin' ? transition.machine.StartAt : await react(transition, cause, random);
  while (next !== undefined) {
    transition.enter(next);
    if (transition.row.status !== 'RUNNING') return;
    const state = stateOf(transition);
    next = await guarded(transition, state, random, () => open(transition, state));
  }
}

/** Whether the execution's state waits for a token. */
export function waitsForToken(transition: Transition): boolean {
  const state = stateOf(transition);
  return state.Type === 'Task' && state.Resource === waitResource;
}

/** Evaluates function name and payload of a Task. @throws StateError. */
export async function callOf(
  transition: Transition,
  token?: string,
): Promise<{ functionName: string; payload: unknown }> {
  const state = stateOf(transition);
  if (state.Type !== 'Task') throw new StateError('States.Runtime', `${transition.row.state} is not a Task.`);
  const scope = transition.scope();
  if (token !== undefined) scope.states.context = { ...(scope.states.context as object), Task: { Token: token } };
  const evaluated = await evaluate(state.Arguments, scope);
  const { FunctionName, Payload = {} } = JSON.parse(bounded(evaluated, 'Arguments')) as Record<string, unknown>;
  if (typeof FunctionName === 'string' && FunctionName !== '') return { functionName: FunctionName, payload: Payload };
  throw new StateError('States.QueryEvaluationError', 'FunctionName is not a string.');
}

function stateOf({ machine, row }: Transition): State {
  const state = Object.hasOwn(machine.States, row.state) ? machine.States[row.state] : undefined;
  if (!state) throw new Error(`the definition has no state ${row.state}`);
  return state;
}

/** The state to enter next, or undefined if the execution waits or has ended. */
type Next = Promise<string | undefined>;

async function react(transition: Transition, cause: Exclude<Cause, { type: 'begin' }>, random: () => number): Next {
  const { row } = transition;
  const state = stateOf(transition);
  return guarded(transition, state, random, async () => {
    switch (cause.type) {
      case 'result': {
        const result: unknown = JSON.parse(bounded(cause.value, `The result of ${row.state}`));
        return leave(transition, state, transition.scope({ result }), result);
      }
      case 'failure':
        throw new StateError(cause.error, cause.cause);
      case 'launched':
        transition.park('token', row.deadline ?? transition.now);
        return undefined;
      case 'elapsed':
        if (row.stage === 'wait') return leave(transition, state, transition.scope(), JSON.parse(row.value));
        if (row.stage === 'backoff') return open(transition, state);
        throw new StateError('States.Timeout', `${row.state} did not end in time.`);
    }
  });
}

async function open(transition: Transition, state: State): Next {
  const scope = transition.scope();
  switch (state.Type) {
    case 'Pass':
      return leave(transition, state, scope, scope.states.input);
    case 'Succeed':
      await transition.leave(state, scope, scope.states.input);
      transition.end('SUCCEEDED');
      return undefined;
    case 'Fail':
      throw await failureOf(state, scope);
    case 'Choice':
      return choose(transition, state, scope);
    case 'Wait':
      return wait(transition, state, scope);
    case 'Task': {
      transition.row.events += 3; // scheduled, started, ended
      const limit = await seconds(state.TimeoutSeconds, scope, 'TimeoutSeconds', 1);
      transition.park('invoke', transition.now + 1000 * limit);
      return undefined;
    }
  }
}

async function leave(transition: Transition, state: State, scope: Scope, otherwise: unknown): Next {
  await transition.leave(state.Type === 'Fail' ? {} : state, scope, otherwise);
  if ('Next' in state && state.Next !== undefined) return state.Next;
  transition.end('SUCCEEDED');
  return undefined;
}

async function choose(transition: Transition, state: ChoiceState, scope: Scope): Next {
  for (const rule of state.Choices) {
    const holds = await evaluate(rule.Condition, scope);
    if (typeof holds !== 'boolean')
      throw new StateError(
        'States.QueryEvaluationError',
        `${rule.Condition} is ${JSON.stringify(holds)}, not a boolean.`,
      );
    if (!holds) continue;
    await transition.leave(rule, scope, scope.states.input);
    return rule.Next;
  }
  if (state.Default === undefined)
    throw new StateError('States.NoChoiceMatched', `No condition of ${transition.row.state} is true.`);
  await transition.leave(state, scope, scope.states.input);
  return state.Default;
}

async function wait(transition: Transition, state: WaitState, scope: Scope): Next {
  const until =
    state.Seconds === undefined
      ? moment(await evaluate(state.Timestamp, scope))
      : transition.now + 1000 * (await seconds(state.Seconds, scope, 'Seconds', 0));
  if (until <= transition.now) return leave(transition, state, scope, scope.states.input);
  transition.park('wait', until);
  return undefined;
}

function moment(value: unknown): number {
  if (isTimestamp(value)) return Date.parse(value);
  throw new StateError('States.QueryEvaluationError', `Timestamp is ${JSON.stringify(value)}, not an RFC 3339 time.`);
}

async function failureOf(state: FailState, scope: Scope): Promise<StateError> {
  const [error, cause] = await Promise.all([evaluate(state.Error ?? '', scope), evaluate(state.Cause ?? '', scope)]);
  if (typeof error === 'string' && typeof cause === 'string') return new StateError(error, cause);
  return new StateError('States.QueryEvaluationError', 'Error and Cause must be strings.');
}

/** Does the work. A failed Task is retried or else caught; any other failure ends the execution. */
async function guarded(transition: Transition, state: State, random: () => number, work: () => Next): Next {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    if (state.Type === 'Task' && retried(transition, state, error, random)) return undefined;
    const next = state.Type === 'Task' ? await caught(transition, state, error) : undefined;
    if (next === undefined && transition.row.status === 'RUNNING')
      transition.end('FAILED', { error: error.error, cause: error.failure });
    return next;
  }
}

function retried(transition: Transition, state: TaskState, { error }: StateError, random: () => number): boolean {
  const { row } = transition;
  const index = (state.Retry ?? []).findIndex((rule) => matches(rule.ErrorEquals, error));
  const rule = state.Retry?.[index];
  const counts = JSON.parse(row.retries) as number[];
  const count = counts[index] ?? 0;
  if (!rule || count >= maxAttemptsOf(rule)) return false;
  const wait = delayMs(rule, count, random);
  transition.tell('TaskRetried', { error, delayMs: wait });
  row.retries = JSON.stringify((state.Retry ?? []).map((_, i) => (counts[i] ?? 0) + (i === index ? 1 : 0)));
  row.attempt += 1;
  row.transitions += 1;
  transition.park('backoff', transition.now + wait);
  return true;
}

/** Follows the matching Catch. An error in the Catch itself ends the execution. */
async function caught(transition: Transition, state: TaskState, { error, failure }: StateError): Next {
  const rule = (state.Catch ?? []).find((candidate) => matches(candidate.ErrorEquals, error));
  if (!rule) return undefined;
  const errorOutput = { Error: error, Cause: failure };
  try {
    transition.tell('TaskCaught', { error });
    await transition.leave(rule, transition.scope({ errorOutput }), errorOutput, error);
    return rule.Next;
  } catch (second) {
    if (!(second instanceof StateError)) throw second;
    transition.end('FAILED', { error: second.error, cause: second.failure });
    return undefined;
  }
}

/** The result of a Lambda invocation, as Step Functions shows it. */
export const lambdaResult = (payload: unknown): unknown => ({
  StatusCode: 200,
  ExecutedVersion: '$LATEST',
  Payload: payload === undefined ? null : payload,
});

/** Keeps a cause below the limit of Step Functions, 32,768 characters. */
const maxMessage = 16_000;
const maxRemedy = 2_000;

/** A thrown value as Lambda reports it: the name, and JSON with name and message; and with the remedy that it may name. */
export function lambdaFailure(thrown: unknown): { error: string; cause: string } {
  const named = isObject(thrown) && typeof thrown.name === 'string' && thrown.name !== '';
  const errorType = named ? String(thrown.name) : typeof thrown;
  const message = isObject(thrown) ? thrown.message : thrown;
  const errorMessage = String(message ?? '').slice(0, maxMessage);
  const remedy = isObject(thrown) && typeof thrown.remedy === 'string' ? thrown.remedy.slice(0, maxRemedy) : undefined;
  return { error: errorType, cause: JSON.stringify({ errorType, errorMessage, remedy }) };
}
