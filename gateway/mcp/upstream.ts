import type { GatewaySettings } from '../config.ts';
import { redactions } from '../credential.ts';
import type { Replacement } from '../replace.ts';

type Server = NonNullable<GatewaySettings['mcp']>[number];

/** The server gave no answer that can be used, with a reason for people. */
export class Unusable extends Error {}

interface Asking {
  method: 'POST' | 'GET' | 'DELETE';
  body?: string;
  /** Session, version and last event, after their check. */
  headers: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

export interface McpUpstream {
  /** @throws Unusable */
  ask(asking: Asking): Promise<Response>;
  /** What answers may not hold. */
  hidden: readonly Replacement[];
}

/** Asks a server at the address that the policy gives, and nowhere else. */
export function mcpUpstream({ url, credential }: Server): McpUpstream {
  return {
    hidden: credential === undefined ? [] : redactions(credential),
    async ask({ method, body, headers, signal }) {
      let answer: Response;
      try {
        answer = await fetch(url, {
          method,
          headers: {
            ...headers,
            accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
            'accept-encoding': 'identity',
            'user-agent': 'drydock',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...(credential === undefined ? {} : { [credential.name]: credential.value }),
          },
          ...(body === undefined ? {} : { body }),
          redirect: 'manual',
          signal,
        });
      } catch (error) {
        throw new Unusable(`the server could not be reached (${codeOf(error)})`);
      }
      // A server chooses no other address: neither for the credential, nor for what the agent says.
      if (answer.status >= 300 && answer.status < 400) {
        await answer.body?.cancel().catch(() => undefined);
        throw new Unusable('the server redirects, which is not followed; write the address to which it redirects');
      }
      return answer;
    },
  };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  const { code } = (error.cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

/** The chunks of a body. @throws Unusable if none comes for a time, or if there are too many bytes. */
export async function* chunksOf({ body }: Response, maxBytes: number, idleMs: number): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  let bytes = 0;
  try {
    for (;;) {
      const { promise: silence, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(new Unusable('the server fell silent')), idleMs);
      const next = await Promise.race([reader?.read(), silence]).finally(() => clearTimeout(timer));
      if (next === undefined || next.done) return;
      bytes += next.value.length;
      if (bytes > maxBytes) throw new Unusable(`the answer has more than ${maxBytes} bytes`);
      yield next.value;
    }
  } catch (error) {
    throw error instanceof Unusable ? error : new Unusable('the answer broke off');
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}
