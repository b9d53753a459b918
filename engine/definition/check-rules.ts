import { isSeconds, secondsText } from '../asl/expression.ts';
import { isObject, type JsonObject } from '../asl/json.ts';
import { checkAssign, type Fault, unknownFields } from './check-fields.ts';

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
/** Predefined error names with which a Task can fail, here or on Step Functions. */
const reserved = [
  'States.ALL',
  'States.TaskFailed',
  'States.Timeout',
  'States.QueryEvaluationError',
  'States.DataLimitExceeded',
  'States.Permissions',
];

/** Checks Retry and Catch of a Task and returns the target states of Catch. */
export function checkRules(state: JsonObject, fault: Fault): string[] {
  for (const rule of rulesOf(state.Retry, 'Retry', fault)) {
    unknownFields(rule, retryFields, 'Retry', fault);
    checkRetry(rule, fault);
  }
  return rulesOf(state.Catch, 'Catch', fault).map((rule) => {
    unknownFields(rule, catchFields, 'Catch', fault);
    if (rule.Assign !== undefined) checkAssign(rule.Assign, fault);
    return String(rule.Next);
  });
}

function rulesOf(value: unknown, field: string, fault: Fault): JsonObject[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every(isObject)) {
    fault(`${field} must be a list of objects`);
    return [];
  }
  const rules: JsonObject[] = value;
  rules.forEach((rule, i) => {
    const names: unknown[] = Array.isArray(rule.ErrorEquals) ? rule.ErrorEquals : [];
    if (names.length === 0 || !names.every((name) => typeof name === 'string' && name !== ''))
      fault(`ErrorEquals of ${field} must name errors`);
    if (names.includes('States.ALL') && (names.length > 1 || i < rules.length - 1))
      fault(`States.ALL must be alone and in the last rule of ${field}`);
    for (const name of names) {
      if (name === 'States.Runtime') fault(`States.Runtime in ${field} never matches: it always ends the execution`);
      else if (String(name).startsWith('States.') && !reserved.includes(String(name)))
        fault(`${String(name)} in ${field} is not an error of the States Language that a Task can have`);
    }
  });
  return rules;
}

function checkRetry(rule: JsonObject, fault: Fault): void {
  const { IntervalSeconds, MaxAttempts, BackoffRate, MaxDelaySeconds, JitterStrategy } = rule;
  if (IntervalSeconds !== undefined && !isSeconds(IntervalSeconds, 1))
    fault(`IntervalSeconds must be ${secondsText(1)}`);
  if (MaxAttempts !== undefined && !isSeconds(MaxAttempts, 0))
    fault('MaxAttempts must be a whole number from 0 to 99,999,999');
  if (BackoffRate !== undefined && !(typeof BackoffRate === 'number' && BackoffRate >= 1 && BackoffRate < Infinity))
    fault('BackoffRate must be a number of at least 1');
  // Step Functions limits it to less than 31,622,400 s, one year.
  if (MaxDelaySeconds !== undefined && !(isSeconds(MaxDelaySeconds, 1) && MaxDelaySeconds < 31_622_400))
    fault('MaxDelaySeconds must be a whole number of seconds from 1 to 31,622,399');
  if (JitterStrategy !== undefined && JitterStrategy !== 'FULL' && JitterStrategy !== 'NONE')
    fault('JitterStrategy must be FULL or NONE');
}
