import { DrydockError, isErrorName, viewError } from '../../core/errors.ts';

/** Version of the format of calls and answers. Another version is refused by name instead of being misread. */
export const apiVersion = 1;

/** The `POST` body of a call: the method of the service and its arguments. */
export const encodeCall = (method: string, args: readonly unknown[]): string =>
  JSON.stringify({ wire: apiVersion, method, args: args.map(withoutBytes) });

/** Replaces the bytes of a spec by base64, and removes the parsed spec, which stays in this process. */
function withoutBytes(arg: unknown): unknown {
  if (typeof arg !== 'object' || arg === null || !('bytes' in arg) || !(arg.bytes instanceof Uint8Array)) return arg;
  const { bytes, ...rest } = arg;
  return { ...rest, read: undefined, bytesBase64: Buffer.from(bytes as Uint8Array).toString('base64') };
}

/** An encoded answer: `{result}`, or `{error}` with name, message and remedy. */
export interface ApiAnswer {
  status: 200 | 422;
  text: string;
}

export const encodeResult = (result: unknown): ApiAnswer => ({
  status: 200,
  text: JSON.stringify({ result: result ?? null }),
});

export function encodeError(error: unknown): ApiAnswer {
  const details = error instanceof DrydockError ? error.details : undefined;
  return { status: 422, text: JSON.stringify({ error: { ...viewError(error), details } }) };
}

/**
 * Returns the result of an answer, or throws its error under the same name.
 * @throws Internal for an invalid answer; the message does not quote it.
 */
export function decodeAnswer(text: string): unknown {
  let answer: { result?: unknown; error?: { name: string; message: string; remedy: string; details?: unknown } };
  try {
    answer = JSON.parse(text) as typeof answer;
  } catch {
    throw new DrydockError('Internal', 'The answer is not valid JSON.');
  }
  if (!answer?.error) return answer?.result;
  const { name, message, remedy, details } = answer.error;
  throw new DrydockError(isErrorName(name) ? name : 'Internal', message, { remedy, details });
}
