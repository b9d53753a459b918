import { isExpression, isSeconds, isTimestamp, secondsText } from '../asl/expression.ts';
import { isObject, type JsonObject } from '../asl/json.ts';
import { invokeResource, waitResource } from '../asl/types.ts';
import { checkAssign, type Fault, unknownFields } from './check-fields.ts';
import { checkRules } from './check-rules.ts';

const common = ['Type', 'Comment'];
const leaving = ['Next', 'End'];
const shaping = ['Assign', 'Output'];
/** Supported fields of each state type. Other fields are refused, because the engine would ignore them. */
const fields: Record<string, string[]> = {
  Task: [...common, ...leaving, ...shaping, 'Resource', 'Arguments', 'TimeoutSeconds', 'Retry', 'Catch'],
  Pass: [...common, ...leaving, ...shaping],
  Wait: [...common, ...leaving, ...shaping, 'Seconds', 'Timestamp'],
  Choice: [...common, ...shaping, 'Choices', 'Default'],
  Succeed: [...common, 'Output'],
  Fail: [...common, 'Error', 'Cause'],
};

/** Checks a state and returns its target states. */
export function checkState(state: JsonObject, fault: Fault): string[] {
  const type = String(state.Type);
  const allowed = Object.hasOwn(fields, type) ? fields[type] : undefined;
  if (!allowed) {
    fault(`the type ${type} is not supported`);
    return [];
  }
  unknownFields(state, allowed, `a ${type}`, fault);
  if (state.Comment !== undefined && typeof state.Comment !== 'string') fault('Comment must be a string');
  if (state.Assign !== undefined) checkAssign(state.Assign, fault);
  const targets: string[] = [];
  if (allowed.includes('Next')) {
    if ((state.Next === undefined) === (state.End === undefined)) fault('must have either Next or End');
    if (state.End !== undefined && state.End !== true) fault('End must be true');
    if (state.Next !== undefined) targets.push(String(state.Next));
  }
  if (type === 'Task') targets.push(...checkTask(state, fault));
  if (type === 'Wait') checkWait(state, fault);
  if (type === 'Choice') targets.push(...checkChoice(state, fault));
  if (type === 'Fail') {
    for (const key of ['Error', 'Cause']) {
      if (state[key] !== undefined && typeof state[key] !== 'string') fault(`${key} must be a string or an expression`);
    }
  }
  return targets;
}

function checkTask(state: JsonObject, fault: Fault): string[] {
  if (state.Resource !== invokeResource && state.Resource !== waitResource)
    fault(`the resource ${String(state.Resource)} is not supported`);
  if (state.TimeoutSeconds === undefined) fault('a Task needs TimeoutSeconds, or it could hang for years');
  else if (!isSeconds(state.TimeoutSeconds, 1) && !isExpression(state.TimeoutSeconds))
    fault(`TimeoutSeconds must be ${secondsText(1)}, or an expression`);
  if (isObject(state.Arguments)) {
    unknownFields(state.Arguments, ['FunctionName', 'Payload'], 'Arguments', fault);
    const name = state.Arguments.FunctionName;
    if (typeof name !== 'string' || name === '') fault('Arguments must name FunctionName');
  } else fault('Arguments must be an object with FunctionName and Payload');
  return checkRules(state, fault);
}

function checkWait(state: JsonObject, fault: Fault): void {
  const { Seconds, Timestamp } = state;
  if ((Seconds === undefined) === (Timestamp === undefined)) fault('must have either Seconds or Timestamp');
  if (Seconds !== undefined && !isSeconds(Seconds, 0) && !isExpression(Seconds))
    fault(`Seconds must be ${secondsText(0)}, or an expression`);
  if (Timestamp !== undefined && !isTimestamp(Timestamp) && !isExpression(Timestamp))
    fault('Timestamp must be an RFC 3339 time such as 2026-11-21T08:00:00Z, or an expression');
}

function checkChoice(state: JsonObject, fault: Fault): string[] {
  const rules = Array.isArray(state.Choices) ? (state.Choices as unknown[]) : [];
  if (rules.length === 0) fault('has no Choices');
  const targets = state.Default === undefined ? [] : [String(state.Default)];
  for (const rule of rules) {
    if (!isObject(rule)) {
      fault('each of Choices must be an object');
      continue;
    }
    unknownFields(rule, ['Condition', 'Next', 'Assign', 'Output', 'Comment'], 'Choices', fault);
    if (typeof rule.Condition !== 'boolean' && !isExpression(rule.Condition))
      fault('a Condition must be an expression {% … %}');
    if (rule.Assign !== undefined) checkAssign(rule.Assign, fault);
    targets.push(String(rule.Next));
  }
  return targets;
}
