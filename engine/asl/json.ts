import { StateError } from '../errors.ts';

/** 256 KiB in UTF-8: the limit of Step Functions for an input, an output and the variables of one Assign. */
const maxPayloadBytes = 262_144;
/** 10 MiB: the limit for all variables of an execution. */
export const maxVariablesBytes = 10_485_760;

/** JSON text of a value; undefined if JSON cannot express it. @throws TypeError for circular values and bigints. */
export const toJson = (value: unknown): string | undefined => JSON.stringify(value) as string | undefined;

export function fits(text: string, maxBytes = maxPayloadBytes): boolean {
  // A UTF-16 code unit is one to three bytes in UTF-8, so the bytes of most texts need not be counted.
  return text.length * 3 <= maxBytes || (text.length <= maxBytes && Buffer.byteLength(text) <= maxBytes);
}

/** JSON text within the limit. @throws StateError States.DataLimitExceeded. */
export function bounded(value: unknown, name: string, maxBytes = maxPayloadBytes): string {
  const text = toJson(value) ?? 'null';
  if (fits(text, maxBytes)) return text;
  throw new StateError('States.DataLimitExceeded', `${name} is larger than ${maxBytes} bytes of JSON.`);
}

export type JsonObject = Record<string, unknown>;
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
