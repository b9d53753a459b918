import { DrydockError, isErrorName, viewError } from '../../core/errors.ts';

/** Of the form of calls and answers. One that knows another form is refused by name, instead of being misread. */
export const apiVersion = 1;

/** `POST` body: which method of the service, and what it is given. */
export const encodeCall = (method: string, args: readonly unknown[]): string =>
  JSON.stringify({ wire: apiVersion, method, args: args.map(withoutBytes) });

/** The bytes of a spec as base64; what was read of it stays in this process. */
function withoutBytes(arg: unknown): unknown {
  if (typeof arg !== 'object' || arg === null || !('bytes' in arg) || !(arg.bytes instanceof Uint8Array)) return arg;
  const { bytes, ...rest } = arg;
  return { ...rest, read: undefined, bytesBase64: Buffer.from(bytes as Uint8Array).toString('base64') };
}

/** An answer as it travels: `{result}`, or `{error}` with the name, the words and the remedy of what was thrown. */
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
 * What was answered; what was thrown there is thrown here, by its name.
 * @throws Internal for text that is no answer; of it nothing is quoted.
 */
export function decodeAnswer(text: string): unknown {
  let answer: { result?: unknown; error?: { name: string; message: string; remedy: string; details?: unknown } };
  try {
    answer = JSON.parse(text) as typeof answer;
  } catch {
    throw new DrydockError('Internal', 'The answer is no JSON.');
  }
  if (!answer?.error) return answer?.result;
  const { name, message, remedy, details } = answer.error;
  throw new DrydockError(isErrorName(name) ? name : 'Internal', message, { remedy, details });
}
