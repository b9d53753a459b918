import { StateError } from '../errors.ts';

/** 256 KiB in UTF-8: Step Functions' limit of an input, an output, and what one Assign sets. */
const maxPayloadBytes = 262_144;
/** 10 MiB: all variables of an execution together. */
export const maxVariablesBytes = 10_485_760;

/** JSON text of a value; undefined where JSON has none. @throws TypeError for circles and bigints. */
export const toJson = (value: unknown): string | undefined => JSON.stringify(value) as string | undefined;

export function fits(text: string, maxBytes = maxPayloadBytes): boolean {
  // a UTF-16 unit is one to three bytes of UTF-8, so most texts need no counting
  return text.length * 3 <= maxBytes || (text.length <= maxBytes && Buffer.byteLength(text) <= maxBytes);
}

/** JSON text within the limit. @throws StateError States.DataLimitExceeded. */
export function bounded(value: unknown, what: string, maxBytes = maxPayloadBytes): string {
  const text = toJson(value) ?? 'null';
  if (fits(text, maxBytes)) return text;
  throw new StateError('States.DataLimitExceeded', `${what} is larger than ${maxBytes} bytes of JSON.`);
}

export type JsonObject = Record<string, unknown>;
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
