import { isExpression, isSeconds, secondsText } from '../asl/expression.ts';
import { isObject, type JsonObject } from '../asl/json.ts';
import type { StateMachine } from '../asl/types.ts';
import { DefinitionRefused, type Problem } from '../errors.ts';
import { checkExpression } from './check-expression.ts';
import { type Fault, unknownFields } from './check-fields.ts';
import { checkState } from './check-state.ts';

/**
 * Checks a definition. It is refused if the engine would not run it exactly as Step Functions does.
 * @throws DefinitionRefused with all faults, each with its state.
 */
export function load(definition: unknown): StateMachine {
  const problems: Problem[] = [];
  const at =
    (state: string): Fault =>
    (message) =>
      void problems.push({ state, message });
  const fault = at('(machine)');
  const machine = isObject(definition) ? definition : {};
  unknownFields(machine, ['Comment', 'QueryLanguage', 'StartAt', 'TimeoutSeconds', 'States'], 'the machine', fault);
  if (machine.QueryLanguage !== 'JSONata') fault('QueryLanguage must be JSONata');
  if (machine.TimeoutSeconds !== undefined && !isSeconds(machine.TimeoutSeconds, 1))
    fault(`TimeoutSeconds must be ${secondsText(1)}`);
  const states = isObject(machine.States) ? machine.States : {};
  if (Object.keys(states).length === 0) fault('there are no states');

  const edges = new Map<string, string[]>();
  const variables = assignedNames(states);
  for (const [name, state] of Object.entries(states)) {
    const report = at(name);
    if (name.length > 80) report('a name may have at most 80 characters');
    if (!isObject(state)) {
      report('is not an object');
      continue;
    }
    edges.set(name, checkState(state, report));
    const { Comment: _, ...expressions } = state;
    checkExpressions(expressions, variables, report);
  }
  checkTransitions(machine.StartAt, edges, at);
  if (!Object.values(states).some(ends)) fault('no state ends the machine');
  if (problems.length > 0) throw new DefinitionRefused(problems);
  return definition as StateMachine;
}

const ends = (state: unknown): boolean =>
  isObject(state) && (state.End === true || state.Type === 'Succeed' || state.Type === 'Fail');

function checkTransitions(start: unknown, edges: Map<string, string[]>, at: (state: string) => Fault): void {
  if (typeof start !== 'string' || !edges.has(start))
    at('(machine)')(`StartAt does not name a state: ${JSON.stringify(start)}`);
  for (const [name, targets] of edges) {
    for (const target of targets)
      if (!edges.has(target)) at(name)(`a transition does not name a state: ${JSON.stringify(target)}`);
  }
  const reached = new Set<string>();
  const open = typeof start === 'string' ? [start] : [];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    open.push(...(edges.get(name) ?? []));
  }
  for (const name of edges.keys()) if (!reached.has(name)) at(name)('is never reached');
}

function checkExpressions(value: unknown, variables: ReadonlySet<string>, fault: Fault): void {
  if (isExpression(value)) for (const message of checkExpression(value, variables)) fault(message);
  else if (typeof value === 'string' && (value.trim().startsWith('{%') || value.trim().endsWith('%}')))
    fault(`${JSON.stringify(value)} is an incomplete expression: it must begin with {% and end with %}`);
  else if (Array.isArray(value)) for (const item of value) checkExpressions(item, variables, fault);
  else if (isObject(value)) for (const item of Object.values(value)) checkExpressions(item, variables, fault);
}

/** All variables that a state, choice or catcher assigns. */
function assignedNames(states: JsonObject): Set<string> {
  const names = new Set<string>();
  const add = (from: unknown): void => {
    if (isObject(from) && isObject(from.Assign)) for (const name of Object.keys(from.Assign)) names.add(name);
  };
  for (const state of Object.values(states)) {
    if (!isObject(state)) continue;
    for (const from of [state, state.Choices, state.Catch].flat()) add(from);
  }
  return names;
}
