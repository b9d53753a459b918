import { createHash, randomUUID } from 'node:crypto';
import jsonata from 'jsonata';
import { maxPayloadBytes } from './asl.ts';
import { StateError } from './errors.ts';

/** What an expression sees: `$states` and the variables. */
export interface Scope {
  states: Record<string, unknown>;
  variables: Record<string, unknown>;
}

const compiled = new Map<string, jsonata.Expression>();

export const isExpression = (value: unknown): value is string =>
  typeof value === 'string' && value.startsWith('{%') && value.endsWith('%}');

/** Compiles `{% … %}`, once per text. @throws jsonata's error when it does not parse. */
export function compile(text: string): jsonata.Expression {
  const known = compiled.get(text);
  if (known) return known;
  const expression = jsonata(text.slice(2, -2).trim());
  compiled.set(text, expression);
  return expression;
}

const algorithms: Record<string, string> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** The functions Step Functions adds to JSONata, and `$eval`, which it takes away. */
const functions = {
  partition: (list: unknown[], size: number) =>
    Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size)),
  range: (first: number, last: number, step: number) => {
    const list: number[] = [];
    for (let value = first; step > 0 ? value <= last : value >= last; value += step) list.push(value);
    return list;
  },
  hash: (text: unknown, name: string) => {
    const algorithm = algorithms[name];
    if (algorithm === undefined) throw new Error(`$hash does not know ${name}`);
    return createHash(algorithm).update(String(text)).digest('hex');
  },
  random: (seed?: number) => (seed === undefined ? Math.random() : seeded(seed)),
  uuid: () => randomUUID(),
  parse: (text: string) => JSON.parse(text) as unknown,
  eval: () => {
    throw new Error('$eval is not available');
  },
};

export const offered = new Set(Object.keys(functions).filter((name) => name !== 'eval'));

/** First value of a linear congruential generator (Numerical Recipes), in [0, 1). */
const seeded = (seed: number): number => ((Math.floor(seed) * 1_664_525 + 1_013_904_223) >>> 0) / 2 ** 32;

async function evaluateExpression(text: string, scope: Scope): Promise<unknown> {
  let value: unknown;
  try {
    value = await compile(text).evaluate(undefined, { ...scope.variables, ...functions, states: scope.states });
  } catch (error) {
    throw new StateError('States.QueryEvaluationError', `${text}: ${(error as Error).message}`);
  }
  if (value === undefined || typeof value === 'function') {
    throw new StateError('States.QueryEvaluationError', `The expression ${text} returned nothing.`);
  }
  // jsonata's sequences carry properties of their own; JSON has none
  return JSON.parse(JSON.stringify(value));
}

/** Evaluates every expression in a template. @throws StateError States.QueryEvaluationError. */
export async function evaluate(template: unknown, scope: Scope): Promise<unknown> {
  if (isExpression(template)) return evaluateExpression(template, scope);
  if (Array.isArray(template)) return Promise.all(template.map((item) => evaluate(item, scope)));
  if (typeof template !== 'object' || template === null) return template;
  const entries = Object.entries(template);
  const values = await Promise.all(entries.map(([, value]) => evaluate(value, scope)));
  return Object.fromEntries(entries.map(([key], i) => [key, values[i]]));
}

/** A whole number of seconds, not negative. @throws StateError. */
export async function seconds(template: number | string, scope: Scope, what: string): Promise<number> {
  const value = await evaluate(template, scope);
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new StateError(
    'States.QueryEvaluationError',
    `${what} is ${JSON.stringify(value)}, not a whole number of seconds.`,
  );
}

/** JSON of a value within the limit. @throws StateError States.DataLimitExceeded. */
export function bounded(value: unknown, what: string): string {
  const text = JSON.stringify(value ?? null);
  if (Buffer.byteLength(text) <= maxPayloadBytes) return text;
  throw new StateError('States.DataLimitExceeded', `${what} is larger than ${maxPayloadBytes} bytes.`);
}
