import { isObject, type JsonObject } from '../asl/json.ts';

/** Reports a fault of the checked state or state machine. */
export type Fault = (message: string) => void;

/** The JSONata fields that replace these JSONPath fields. */
const jsonPath: Record<string, string> = {
  Parameters: 'Arguments',
  InputPath: 'Arguments',
  ResultSelector: 'Output',
  ResultPath: 'Output',
  OutputPath: 'Output',
  Result: 'Output',
  ErrorPath: 'Error',
  CausePath: 'Cause',
  SecondsPath: 'Seconds',
  TimestampPath: 'Timestamp',
  TimeoutSecondsPath: 'TimeoutSeconds',
  Variable: 'Condition',
};

export function unknownFields(from: JsonObject, allowed: string[], where: string, fault: Fault): void {
  for (const key of Object.keys(from)) {
    if (allowed.includes(key)) continue;
    const instead = Object.hasOwn(jsonPath, key) ? `: it is JSONPath; use ${jsonPath[key]}` : '';
    fault(`the field ${key} is not supported in ${where}${instead}`);
  }
}

/** @see https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html for names and limits. */
export function checkAssign(assign: unknown, fault: Fault): void {
  if (!isObject(assign)) {
    fault('Assign must be an object of variables');
    return;
  }
  for (const name of Object.keys(assign)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,79}$/.test(name)) fault(`${JSON.stringify(name)} is not a valid variable name`);
    if (name === 'states') fault('$states is reserved and cannot be assigned');
  }
}
