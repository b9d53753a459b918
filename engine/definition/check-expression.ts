import { compile } from '../asl/expression.ts';
import { added, builtIn } from '../asl/functions.ts';
import { isObject, type JsonObject } from '../asl/json.ts';

/**
 * Static faults of an expression: it does not parse, names an unknown function or variable, or reads from a context
 * that Step Functions does not provide (`$`, `$$` and bare names at the top level).
 */
export function checkExpression(text: string, variables: ReadonlySet<string>): string[] {
  let tree: unknown;
  try {
    tree = compile(text).ast();
  } catch (error) {
    return [`${text} does not parse: ${isObject(error) ? String(error.message) : String(error)}`];
  }
  const bound = boundNames(tree);
  const faults = new Set<string>();
  const known = (name: string): boolean =>
    name === 'states' || bound.has(name) || variables.has(name) || builtIn.has(name) || Object.hasOwn(added, name);

  /** `inside`: whether there is a context item, as within a path, a filter, a sort or a group. */
  const visit = (node: unknown, inside: boolean): void => {
    if (Array.isArray(node)) for (const item of node) visit(item, inside);
    if (!isObject(node)) return;
    if (node.type === 'variable') checkVariable(String(node.value), inside);
    if (node.type === 'name' && !inside)
      faults.add(`${text} reads ${String(node.value)} without a context; begin with $states`);
    if ((node.type === 'wildcard' || node.type === 'descendant') && !inside)
      faults.add(`${text} reads without a context`);
    for (const [key, child] of Object.entries(node)) {
      if (key === 'steps' && Array.isArray(child))
        for (const [i, step] of child.entries()) visit(step, inside || i > 0);
      else visit(child, inside || within.has(key) || node.type === 'transform');
    }
  };
  const checkVariable = (name: string, inside: boolean): void => {
    if (name === 'eval') faults.add('$eval is not available; $parse reads JSON');
    else if (name === '$') faults.add(`${text} reads $$, which Step Functions does not provide`);
    else if (name === '') {
      if (!inside) faults.add(`${text} reads $ at the top level, which Step Functions does not provide`);
    } else if (!known(name)) faults.add(`${text} names $${name}, which is neither a function nor assigned by a state`);
  };
  visit(tree, false);
  return [...faults];
}

/** Parts of a node that jsonata evaluates for each of its items. */
const within: ReadonlySet<string> = new Set(['predicate', 'stages', 'group', 'terms']);

/** Names that the expression binds itself: `:=`, function parameters, `@$x` and `#$x`. */
function boundNames(tree: unknown): Set<string> {
  const names = new Set<string>();
  const add = (node: unknown): void => {
    if (isObject(node)) names.add(String(node.value));
  };
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit);
    if (!isObject(node)) return;
    if (node.type === 'bind') add(node.lhs);
    if (node.type === 'lambda' && Array.isArray(node.arguments)) node.arguments.forEach(add);
    for (const key of ['focus', 'index'] satisfies (keyof JsonObject)[]) {
      if (typeof node[key] === 'string') names.add(node[key]);
    }
    Object.values(node).forEach(visit);
  };
  visit(tree);
  return names;
}
