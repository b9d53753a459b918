import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, type Transform } from 'node:stream';

/** The answer of a provider, as it comes. */
export interface ProviderAnswer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Ends with an error if the connection does. */
  body: Readable;
}

interface Times {
  /** Milliseconds until the headers of the answer have come. */
  headersMs: number;
  /** Milliseconds until its end. */
  wholeMs: number;
}

/**
 * Sends a request to a provider. Node's own client, not `fetch`, whose streams take several times the processor time for each piece of
 * an answer (docs/bench.md), and which gives up an answer without headers after five minutes. Redirects are not followed.
 * @throws an error with the code of the connection's.
 */
export async function postTo(
  target: URL,
  headers: Record<string, string>,
  body: string,
  { headersMs, wholeMs }: Times,
): Promise<ProviderAnswer> {
  const { request } = target.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const length = Buffer.byteLength(body);
    const sent = request(target, { method: 'POST', headers: { ...headers, 'content-length': length } }, resolve);
    const end = (): void => void sent.destroy(failure('ETIMEDOUT'));
    const timers = [setTimeout(end, headersMs), setTimeout(end, wholeMs)];
    sent.once('response', () => clearTimeout(timers[0]));
    sent.once('close', () => timers.forEach((timer) => void clearTimeout(timer)));
    sent.on('error', reject);
    sent.end(body);
  });
  // Errors are told to the reader of the body; without one, they must not end the process.
  answer.on('error', () => undefined);
  const { statusCode: status = 0 } = answer;
  if (status >= 300 && status < 400) {
    answer.destroy();
    throw failure('ERR_REDIRECT');
  }
  return { status, headers: answer.headers, body: await decoded(answer) };
}

const failure = (code: string): Error => Object.assign(new Error(code), { code });

/** The answer as text, of servers that compress although they are asked not to. */
async function decoded(answer: IncomingMessage): Promise<Readable> {
  const encoding = answer.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return answer;
  const zlib = await import('node:zlib');
  const known: Readonly<Record<string, () => Transform>> = {
    gzip: zlib.createGunzip,
    deflate: zlib.createInflate,
    br: zlib.createBrotliDecompress,
  };
  const make = Object.hasOwn(known, encoding) ? known[encoding] : undefined;
  if (make === undefined) {
    answer.destroy();
    throw failure('ERR_ENCODING');
  }
  return pipeline(answer, make(), () => undefined);
}
