import { z } from 'zod';
import type { Path, YamlDocument } from './document.ts';
import type { Fault } from './text.ts';

type Issue = z.core.$ZodIssue;

/** A hostile file could have thousands of issues, and each costs a search for its offset and for similar names. */
const maxIssues = 200;

/** Checks a document against a schema and returns every fault with its offset. `data` is absent if there is a fault. */
export function checkSchema<T extends z.ZodType>(
  schema: T,
  document: Pick<YamlDocument, 'locate' | 'reported'>,
  value: unknown,
): { data?: z.output<T>; faults: Fault[] } {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { data: parsed.data, faults: [] };
  const faults = parsed.error.issues
    .slice(0, maxIssues)
    .flatMap((issue) => flatten(issue))
    .flatMap((issue) => faultsOf(issue, schema, document, value));
  // One issue may name thousands of unknown keys.
  return { faults: faults.slice(0, maxIssues) };
}

/**
 * Replaces a failed union by the issues of one branch, instead of all branches: of those that fit the type of the value,
 * one whose faults are all inside of the value, else the one with the fewest.
 */
function flatten(issue: Issue, prefix: Path = []): Issue[] {
  const path = [...prefix, ...issue.path];
  if (issue.code !== 'invalid_union') return [{ ...issue, path }];
  const [fitting] = issue.errors
    .filter((branch) => branch.every((each) => each.path.length > 0 || each.code !== 'invalid_type'))
    .sort((a, b) => Number(isInside(b)) - Number(isInside(a)) || countOf(a) - countOf(b));
  return fitting ? fitting.flatMap((each) => flatten(each, path)) : [{ ...issue, path }];
}

/** Whether the value itself is of the right kind, and only its fields have faults. */
const isInside = (branch: readonly Issue[]): boolean =>
  branch.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys');

const countOf = (branch: readonly Issue[]): number =>
  branch.reduce((sum, each) => sum + (each.code === 'unrecognized_keys' ? each.keys.length : 1), 0);

function faultsOf(
  issue: Issue,
  schema: z.ZodType,
  document: Pick<YamlDocument, 'locate' | 'reported'>,
  value: unknown,
): Fault[] {
  const path = issue.path;
  if (document.reported(path)) return [];
  const name = path.length === 0 ? 'The file' : nameOf(path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, maxIssues).map((key) => ({
      rule: 'unknown-key',
      message: `"${nameOf([...path, key])}" is not a known field.${hint(schema, path, key)}`,
      offset: document.locate([...path, key], true),
    }));
  }
  const offset = document.locate(path);
  if (issue.code === 'invalid_key') {
    const message = issue.issues[0]?.message ?? issue.message;
    return [{ rule: 'format', message: `${name}: ${message}`, offset: document.locate(path, true) }];
  }
  const { found, given } = valueAt(value, path);
  if (issue.code === 'invalid_type' || issue.code === 'invalid_union' || (issue.code === 'invalid_value' && !found)) {
    if (!found && path.length === 0) return [{ rule: 'empty-file', message: 'The file contains no fields.', offset }];
    if (!found) return [{ rule: 'required', message: `"${nameOf(path)}" is missing.`, offset }];
    if ('options' in issue && Array.isArray(issue.options)) {
      return [{ rule: 'format', message: `${name}: ${oneOf(issue.options)}`, offset }];
    }
    const expected = issue.code === 'invalid_type' ? issue.expected : 'text or a map';
    return [{ rule: 'type', message: `${name}: ${typeMessage(expected, given)}`, offset }];
  }
  const rule = issue.code === 'too_small' || issue.code === 'too_big' ? 'range' : 'format';
  return [{ rule, message: `${name}: ${describe(issue)}`, offset }];
}

const nameOf = (path: Path): string =>
  path.map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i ? '.' : ''}${String(step)}`)).join('');

function valueAt(value: unknown, path: Path): { found: boolean; given: unknown } {
  let given = value;
  for (const step of path) {
    if (typeof given !== 'object' || given === null || !Object.hasOwn(given, step))
      return { found: false, given: undefined };
    given = (given as Record<PropertyKey, unknown>)[step];
  }
  return { found: given !== undefined, given };
}

function typeMessage(expected: string, given: unknown): string {
  if (given === null) return 'is empty; write a value or remove the key.';
  if (expected === 'string' && (typeof given === 'number' || typeof given === 'boolean')) {
    return `must be text; put it in quotes: "${given}".`;
  }
  if (expected === 'string' && typeof given === 'object' && !Array.isArray(given)) {
    return 'must be text, but ": " makes it a map; put it in quotes.';
  }
  const kinds: Record<string, string> = {
    array: 'a list',
    object: 'a map',
    record: 'a map',
    string: 'text',
    int: 'a whole number',
    boolean: 'true or false',
  };
  const is = Array.isArray(given) ? 'a list' : given === '' ? 'empty' : (kinds[typeof given] ?? `a ${typeof given}`);
  return `must be ${kinds[expected] ?? `a ${expected}`}, but is ${is}.`;
}

function describe(issue: Issue): string {
  if (issue.code === 'invalid_value') return oneOf(issue.values);
  if (issue.code === 'too_small') return bound(issue.inclusive ? 'at least' : 'more than', issue.minimum, issue.origin);
  if (issue.code === 'too_big') return bound(issue.inclusive ? 'at most' : 'less than', issue.maximum, issue.origin);
  return issue.message;
}

const oneOf = (values: readonly unknown[]): string =>
  `must be ${values.length === 1 ? '' : 'one of '}${values.map(String).join(', ')}.`;

function bound(relation: string, limit: number | bigint, origin: string): string {
  const [verb, one, many] = units[origin] ?? ['be', '', ''];
  return `must ${verb} ${relation} ${limit}${Number(limit) === 1 ? one : many}.`;
}

/** What a bound counts. */
const units: Readonly<Record<string, [verb: string, one: string, many: string]>> = {
  string: ['have', ' character', ' characters'],
  array: ['have', ' entry', ' entries'],
};

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
}

const jsonSchemas = new WeakMap<z.ZodType, JsonSchema>();

/** A suggestion for an unknown key: a similar field of the same map, or the same field elsewhere. */
function hint(schema: z.ZodType, path: Path, key: string): string {
  let root = jsonSchemas.get(schema);
  if (!root) {
    root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
    jsonSchemas.set(schema, root);
  }
  let here = [root];
  for (const step of path) {
    here = here.flatMap((each) => {
      const next =
        typeof step === 'number' ? each.items : (each.properties?.[String(step)] ?? each.additionalProperties);
      return typeof next === 'object' ? [next, ...(next.anyOf ?? []), ...(next.oneOf ?? [])] : [];
    });
  }
  const known = here.flatMap((each) => Object.keys(each.properties ?? {}));
  const near = nearest(key, known);
  if (near) return ` Did you mean "${near}"?`;
  const elsewhere = find(root, key, []);
  return elsewhere ? ` Did you mean "${elsewhere}"?` : '';
}

function find(schema: JsonSchema, key: string, path: string[]): string | undefined {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    if (name === key) return [...path, name].join('.');
    const below = find(child, key, [...path, name]);
    if (below) return below;
  }
  return undefined;
}

/**
 * The nearest known word whose edit distance is at most a third of its length; `taskId` and `task-id` match `task_id`.
 */
export function nearest(word: string, known: string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (word.length > 60) return undefined;
  const ranked = known
    .map((each) => ({ each, far: distance(plain(word), plain(each)) }))
    .filter(({ each, far }) => far <= Math.max(1, Math.floor(each.length / 3)))
    .sort((a, b) => a.far - b.far);
  return ranked[0]?.each;
}

/** Edits from one word to the other; two letters that changed places are one edit. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const other = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const places = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? other) + 1 : other;
      next.push(Math.min(other, places, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
