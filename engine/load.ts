import { invokeResource, type StateMachine, waitResource } from './asl.ts';
import { DefinitionRefused } from './errors.ts';
import { compile, isExpression, offered } from './expression.ts';

type Json = Record<string, unknown>;
type Fault = (message: string) => void;

const leaving = ['Next', 'End'];
const shaping = ['Assign', 'Output'];
/** Fields of each state type that the engine acts on. A field that it would ignore is refused. */
const fields: Record<string, string[]> = {
  Task: ['Resource', 'Arguments', 'TimeoutSeconds', 'Retry', 'Catch', ...leaving, ...shaping],
  Pass: [...leaving, ...shaping],
  Wait: ['Seconds', 'Timestamp', ...leaving, ...shaping],
  Choice: ['Choices', 'Default', ...shaping],
  Succeed: ['Output'],
  Fail: ['Error', 'Cause'],
};
const retryFields = [
  'ErrorEquals',
  'IntervalSeconds',
  'MaxAttempts',
  'BackoffRate',
  'MaxDelaySeconds',
  'JitterStrategy',
  'Comment',
];
const catchFields = ['ErrorEquals', 'Next', 'Assign', 'Output', 'Comment'];
const choiceFields = ['Condition', 'Next', 'Assign', 'Output', 'Comment'];
const machineFields = ['Comment', 'QueryLanguage', 'StartAt', 'TimeoutSeconds', 'States', 'Version'];

/**
 * Refuses every definition the engine would not run exactly as Step Functions does, naming state and fault, all at once.
 * @throws DefinitionRefused.
 */
export function load(definition: unknown): StateMachine {
  const problems: { state: string; message: string }[] = [];
  const at =
    (state: string): Fault =>
    (message) =>
      void problems.push({ state, message });
  const machine = isObject(definition) ? definition : {};
  const fault = at('(machine)');
  for (const key of Object.keys(machine)) if (!machineFields.includes(key)) fault(`the field ${key} is not supported`);
  if (machine.QueryLanguage !== 'JSONata') fault('QueryLanguage must be JSONata');
  if (machine.TimeoutSeconds !== undefined && !isSeconds(machine.TimeoutSeconds))
    fault('TimeoutSeconds must be a whole number');
  const states = isObject(machine.States) ? machine.States : {};
  if (Object.keys(states).length === 0) fault('there are no states');

  const edges = new Map<string, string[]>();
  for (const [name, state] of Object.entries(states)) {
    const report = at(name);
    if (name.length > 80) report('a name has at most 80 characters');
    if (isObject(state)) edges.set(name, checkState(state, report));
    else report('is no object');
  }
  const known = (target: unknown, report: Fault, what: string) => {
    if (typeof target !== 'string' || !Object.hasOwn(states, target))
      report(`${what} names no state: ${JSON.stringify(target)}`);
  };
  known(machine.StartAt, fault, 'StartAt');
  for (const [name, targets] of edges) for (const target of targets) known(target, at(name), 'a transition');

  const reached = new Set<string>();
  const open = typeof machine.StartAt === 'string' ? [machine.StartAt] : [];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    open.push(...(edges.get(name) ?? []));
  }
  for (const name of Object.keys(states)) if (!reached.has(name)) at(name)('is never reached');
  const ends = Object.entries(states).some(
    ([, state]) => isObject(state) && (state.End === true || state.Type === 'Succeed' || state.Type === 'Fail'),
  );
  if (!ends) fault('no state ends the machine');
  if (problems.length > 0) throw new DefinitionRefused(problems);
  return definition as StateMachine;
}

/** Checks one state and returns where it may go. */
function checkState(state: Json, fault: Fault): string[] {
  const type = String(state.Type);
  const allowed = fields[type];
  if (!allowed) {
    fault(`the type ${type} is not supported`);
    return [];
  }
  for (const key of Object.keys(state)) {
    if (key === 'Type' || key === 'Comment') continue;
    if (!allowed.includes(key)) fault(`the field ${key} is not supported in a ${type}`);
  }
  checkTemplates(state, fault);
  const targets: string[] = [];
  if (allowed.includes('Next')) {
    if ((state.Next === undefined) === (state.End === undefined)) fault('has to have either Next or End');
    if (state.End !== undefined && state.End !== true) fault('End must be true');
    if (state.Next !== undefined) targets.push(String(state.Next));
  }
  if (type === 'Task') targets.push(...checkTask(state, fault));
  if (type === 'Wait' && (state.Seconds === undefined) === (state.Timestamp === undefined))
    fault('has to have either Seconds or Timestamp');
  if (type === 'Choice') {
    const rules = list(state.Choices);
    if (rules.length === 0) fault('has no Choices');
    for (const rule of rules) {
      unknownFields(rule, choiceFields, 'Choices', fault);
      if (!isExpression(rule.Condition)) fault('a Condition must be an expression {% … %}');
      targets.push(String(rule.Next));
    }
    if (state.Default !== undefined) targets.push(String(state.Default));
  }
  return targets;
}

function checkTask(state: Json, fault: Fault): string[] {
  const targets: string[] = [];
  if (state.Resource !== invokeResource && state.Resource !== waitResource)
    fault(`the resource ${String(state.Resource)} is not supported`);
  if (state.TimeoutSeconds === undefined) fault('a Task needs TimeoutSeconds');
  else if (!isSeconds(state.TimeoutSeconds) && !isExpression(state.TimeoutSeconds))
    fault('TimeoutSeconds must be a whole number or an expression');
  if (!isObject(state.Arguments) && !isExpression(state.Arguments))
    fault('Arguments must name FunctionName and Payload');
  for (const rule of list(state.Retry)) {
    unknownFields(rule, retryFields, 'Retry', fault);
    if (rule.JitterStrategy !== undefined && rule.JitterStrategy !== 'FULL' && rule.JitterStrategy !== 'NONE')
      fault('JitterStrategy must be FULL or NONE');
  }
  for (const rule of list(state.Catch)) {
    unknownFields(rule, catchFields, 'Catch', fault);
    targets.push(String(rule.Next));
  }
  for (const rules of [list(state.Retry), list(state.Catch)]) {
    rules.forEach((rule, i) => {
      const names = Array.isArray(rule.ErrorEquals) ? rule.ErrorEquals : [];
      if (names.length === 0) fault('ErrorEquals is empty');
      if (names.includes('States.ALL') && (names.length > 1 || i < rules.length - 1))
        fault('States.ALL must stand alone and last');
    });
  }
  return targets;
}

/** Every expression parses, and calls no function that is not there. */
function checkTemplates(value: unknown, fault: Fault): void {
  if (isExpression(value)) {
    try {
      const tree = compile(value).ast();
      for (const name of calledFunctions(tree)) {
        if (name === 'eval') fault('$eval is not available');
        else if (!offered.has(name) && !isBuiltIn(name)) fault(`the function $${name} is not known`);
      }
    } catch (error) {
      fault(`${value} does not parse: ${(error as Error).message}`);
    }
  } else if (Array.isArray(value)) for (const item of value) checkTemplates(item, fault);
  else if (isObject(value)) for (const item of Object.values(value)) checkTemplates(item, fault);
}

/** Names of functions an expression calls by `$name(…)` without binding them itself. */
function calledFunctions(tree: unknown): Set<string> {
  const called = new Set<string>();
  const bound = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const item of node) visit(item);
      return;
    }
    if (!isObject(node)) return;
    const target = node.type === 'function' || node.type === 'partial' ? node.procedure : undefined;
    if (isObject(target) && target.type === 'variable') called.add(String(target.value));
    if (node.type === 'bind' && isObject(node.lhs)) bound.add(String(node.lhs.value));
    if (node.type === 'lambda' && Array.isArray(node.arguments)) {
      for (const argument of node.arguments) if (isObject(argument)) bound.add(String(argument.value));
    }
    Object.values(node).forEach(visit);
  };
  visit(tree);
  return new Set([...called].filter((name) => !bound.has(name)));
}

/** JSONata's own library, 2.0.6 (https://docs.jsonata.org). */
const builtIn = new Set(
  'string length substring substringBefore substringAfter uppercase lowercase trim pad contains split join match replace base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl number abs floor ceil round power sqrt formatNumber formatBase formatInteger parseInteger sum max min average boolean not exists count append sort reverse shuffle distinct zip keys lookup spread merge sift each error assert type now millis fromMillis toMillis map filter single reduce'.split(
    ' ',
  ),
);
const isBuiltIn = (name: string): boolean => builtIn.has(name);

function unknownFields(rule: Json, allowed: string[], where: string, fault: Fault): void {
  for (const key of Object.keys(rule))
    if (!allowed.includes(key)) fault(`the field ${key} is not supported in ${where}`);
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const isSeconds = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && value > 0;
