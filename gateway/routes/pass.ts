import type { ServerResponse } from 'node:http';
import type { Exchange } from '../context.ts';
import { withoutSecrets } from '../credential.ts';
import { Replacer } from '../replace.ts';
import type { UpstreamAnswer } from './model-upstream.ts';

/**
 * Forwards an answer, without the credential if the provider echoes it. Reads it to its end even if the client has
 * disconnected, because the usage comes last.
 */
export async function pass(
  { response }: Exchange,
  { answer, hidden }: UpstreamAnswer,
  idleMs: number,
  onChunk?: (chunk: Uint8Array) => void,
): Promise<boolean> {
  const headers: Record<string, string> = {};
  for (const name of ['content-type', 'retry-after', 'request-id', 'x-request-id']) {
    const value = answer.headers.get(name);
    if (value !== null) headers[name] = withoutSecrets(value, hidden);
  }
  response.writeHead(answer.status, headers);
  const replacer = new Replacer(hidden);
  let complete = true;
  try {
    for await (const chunk of untilSilence(answer.body, idleMs)) {
      onChunk?.(chunk);
      // A client that does not read must not have the gateway hold its answer.
      if (!response.destroyed && !response.write(replacer.push(chunk))) await drained(response);
    }
  } catch {
    complete = false; // cut off: the usage may be incomplete, so the worst case stays charged
  }
  if (complete) response.end(replacer.rest());
  else response.destroy();
  return complete;
}

/** The chunks of a body. @throws if none comes for this long. */
async function* untilSilence(body: Response['body'], idleMs: number): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('the provider fell silent')), idleMs);
    });
    try {
      const next = await Promise.race([reader?.read(), silence]);
      if (next === undefined || next.done) return;
      yield next.value;
    } catch (error) {
      await reader?.cancel().catch(() => undefined);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Resolves when the client has read what was written, or has gone. */
export function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.once('drain', go).once('close', go);
  });
}
