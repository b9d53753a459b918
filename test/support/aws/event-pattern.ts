/**
 * Whether an event matches a pattern of EventBridge, as far as ours go: lists of values, `anything-but`, `exists`, `$or`,
 * objects within. Anything else is refused.
 *
 * As EventBridge's open matcher does it (github.com/aws/event-ruler, `GenericMachine.rulesForJSONEvent`): a list in an event
 * matches by any of its elements, and fields of different elements of one list do not match together. Fields are matched in
 * the order of their names, so `exists: false` is about the elements that an earlier name chose, or else about all.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export function matches(pattern: unknown, event: unknown): boolean {
  const fields = fieldsOf(event);
  return alternatives(pattern).some((rules) => {
    const sorted = [...rules].sort(([a], [b]) => (a < b ? -1 : 1));
    return matchesFrom(sorted, fields, new Map());
  });
}

/** Which element of which list, by the path of the list. */
type Elements = ReadonlyMap<string, number>;
interface Field {
  path: string;
  value: unknown;
  elements: Elements;
}
type Rule = [path: string, wanted: unknown[]];

/** The rules by path, once for each alternative of `$or`. */
function alternatives(pattern: unknown, prefix = ''): Rule[][] {
  let all: Rule[][] = [[]];
  for (const [name, wanted] of Object.entries(pattern as Record<string, unknown>)) {
    const path = `${prefix}${name}`;
    const each: Rule[][] =
      name === '$or'
        ? (wanted as unknown[]).flatMap((one) => alternatives(one, prefix))
        : Array.isArray(wanted)
          ? [[[path, wanted]]]
          : alternatives(wanted, `${path}.`);
    all = all.flatMap((before) => each.map((rules) => [...before, ...rules]));
  }
  return all;
}

function fieldsOf(value: unknown, path = '', elements: Elements = new Map()): Field[] {
  if (Array.isArray(value))
    return value.flatMap((one, index) => fieldsOf(one, path, new Map([...elements, [path, index]])));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, one]) =>
      fieldsOf(one, path === '' ? name : `${path}.${name}`, elements),
    );
  return [{ path, value, elements }];
}

function matchesFrom([rule, ...rest]: Rule[], fields: Field[], chosen: Elements): boolean {
  if (rule === undefined) return true;
  const [path, wanted] = rule;
  const found = fields.filter((field) => field.path === path && consistent(field.elements, chosen));
  return wanted.some((one) =>
    isAbsence(one)
      ? found.length === 0 && matchesFrom(rest, fields, chosen)
      : found.some(
          ({ value, elements }) => fits(one, value) && matchesFrom(rest, fields, new Map([...chosen, ...elements])),
        ),
  );
}

const consistent = (one: Elements, other: Elements): boolean =>
  [...one].every(([path, index]) => (other.get(path) ?? index) === index);

const isAbsence = (rule: unknown): boolean =>
  typeof rule === 'object' && rule !== null && 'exists' in rule && rule.exists === false;

function fits(rule: unknown, value: unknown): boolean {
  if (typeof rule !== 'object' || rule === null) return value === rule;
  const [[name, operand] = []] = Object.entries(rule);
  if (name === 'exists') return true;
  if (name === 'anything-but') return !(operand as unknown[]).includes(value);
  throw new Error(`the pattern uses ${name}, which is not known here`);
}
