import jsonata from 'jsonata';
import { StateError } from '../errors.ts';
import { added } from './functions.ts';
import { isObject, toJson } from './json.ts';

/** The input of an expression: `$states`, the variables, and the time. */
export interface Scope {
  states: Record<string, unknown>;
  variables: Record<string, unknown>;
  /** Epoch ms of `$now()` and `$millis()`. */
  now: number;
}

/** Limit against endless expressions; those of the state machine need less than a hundred steps. */
const maxSteps = 100_000;
/** Not a valid name of a variable, so an expression cannot read it. */
const stepsLeft = ' steps';

export const isExpression = (value: unknown): value is string =>
  typeof value === 'string' && value.startsWith('{%') && value.endsWith('%}');

const compiled = new Map<string, jsonata.Expression>();

/** Compiles `{% … %}`, once per text. @throws jsonata's error when it does not parse. */
export function compile(text: string): jsonata.Expression {
  const known = compiled.get(text);
  if (known) return known;
  const expression = jsonata(text.slice(2, -2).trim());
  // jsonata calls this function at every node it evaluates. It has no public name, and jsonata has no other limit.
  const assign = expression.assign as unknown as (name: symbol, value: unknown) => void;
  assign(Symbol.for('jsonata.__evaluate_entry'), countStep);
  compiled.set(text, expression);
  return expression;
}

function countStep(_node: unknown, _input: unknown, environment: jsonata.Environment): void {
  const budget = environment.lookup(stepsLeft) as { left: number };
  budget.left -= 1;
  if (budget.left < 0) throw new Error(`took more than ${maxSteps} steps`);
}

const formatted = jsonata('$fromMillis($moment, $picture, $zone)');

async function evaluateExpression(text: string, scope: Scope): Promise<unknown> {
  let json: string | undefined;
  try {
    const value: unknown = await compile(text).evaluate(undefined, {
      ...added,
      millis: () => scope.now,
      now: (picture?: string, zone?: string) => formatted.evaluate(undefined, { moment: scope.now, picture, zone }),
      ...scope.variables,
      states: scope.states,
      [stepsLeft]: { left: maxSteps },
    });
    // Sequences and functions of jsonata are not JSON, and Step Functions passes only JSON.
    json = isFunction(value) ? undefined : toJson(value);
  } catch (error) {
    const message = isObject(error) ? String(error.message) : String(error);
    throw new StateError('States.QueryEvaluationError', `${text}: ${message}`);
  }
  if (json !== undefined) return JSON.parse(json);
  throw new StateError('States.QueryEvaluationError', `The expression ${text} returned nothing (undefined).`);
}

const isFunction = (value: unknown): boolean =>
  typeof value === 'function' || (isObject(value) && ('_jsonata_lambda' in value || '_jsonata_function' in value));

/** Evaluates every expression in a template. @throws StateError States.QueryEvaluationError. */
export async function evaluate(template: unknown, scope: Scope): Promise<unknown> {
  if (isExpression(template)) return evaluateExpression(template, scope);
  if (Array.isArray(template)) return Promise.all(template.map((item) => evaluate(item, scope)));
  if (!isObject(template)) return template;
  const entries = Object.entries(template);
  const values = await Promise.all(entries.map(([, value]) => evaluate(value, scope)));
  return Object.fromEntries(entries.map(([key], i) => [key, values[i]]));
}

/** A whole number of seconds, at least `min`. @throws StateError States.QueryEvaluationError. */
export async function seconds(template: unknown, scope: Scope, field: string, min: number): Promise<number> {
  const value = await evaluate(template, scope);
  if (isSeconds(value, min)) return value;
  throw new StateError('States.QueryEvaluationError', `${field} is ${JSON.stringify(value)}, not ${secondsText(min)}.`);
}

/** The maximum of Step Functions is 99,999,999 seconds, over three years. */
export const isSeconds = (value: unknown, min: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= min && value <= 99_999_999;
export const secondsText = (min: number): string => `a whole number of seconds from ${min} to 99,999,999`;

/** RFC 3339 with date, time and zone, as the States Language requires. */
export const isTimestamp = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) &&
  !Number.isNaN(Date.parse(value));
