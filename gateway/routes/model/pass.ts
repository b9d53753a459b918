import type { ServerResponse } from 'node:http';
import type { Exchange } from '../../context.ts';
import { withoutSecrets } from '../../credential.ts';
import { Replacer } from '../../replace.ts';
import type { UpstreamAnswer } from './model-upstream.ts';

/**
 * Forwards an answer, without the credential if the provider echoes it. Reads it to its end even if the client has
 * disconnected, because the usage comes last.
 * @returns whether it came to its end; one that was cut off, or silent for `idleMs`, did not.
 */
export async function pass(
  { response }: Exchange,
  { answer, hidden }: UpstreamAnswer,
  idleMs: number,
  onChunk?: (chunk: Uint8Array) => void,
): Promise<boolean> {
  const headers: Record<string, string> = {};
  for (const name of ['content-type', 'retry-after', 'request-id', 'x-request-id']) {
    const value = answer.headers[name];
    if (typeof value === 'string') headers[name] = withoutSecrets(value, hidden);
  }
  response.writeHead(answer.status, headers);
  const replacer = new Replacer(hidden);
  const { body } = answer;
  const complete = await new Promise<boolean>((resolve) => {
    const watch = (): NodeJS.Timeout => setTimeout(() => body.destroy(), idleMs);
    let silence = watch();
    // A client that does not read must not have the gateway hold its answer; the provider is not silent meanwhile.
    const goOn = (): void => {
      if (!body.isPaused()) return;
      clearTimeout(silence);
      silence = watch();
      body.resume();
    };
    response.on('drain', goOn).on('close', goOn);
    const end = (whole: boolean): void => {
      clearTimeout(silence);
      response.off('drain', goOn).off('close', goOn);
      resolve(whole);
    };
    body.once('end', () => end(true));
    body.once('error', () => end(false)).once('close', () => end(false));
    body.on('data', (chunk: Buffer) => {
      silence.refresh();
      onChunk?.(chunk);
      if (response.destroyed || response.write(replacer.push(chunk))) return;
      clearTimeout(silence);
      body.pause();
    });
  });
  if (complete) response.end(replacer.rest());
  else response.destroy();
  return complete;
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
