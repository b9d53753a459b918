import type { IncomingMessage } from 'node:http';
import { DrydockError } from '../../core/errors.ts';
import { decodeAnswer, encodeCall } from '../../pipeline/api/answer.ts';
import type { Service, WatchItem } from '../../pipeline/service/service.ts';
import { http } from './http.ts';

/** The server process ended during a call. `run` takes over; any other command can be repeated. */
export class ServerGone extends DrydockError {
  constructor(cause: string) {
    super('DataFolderBusy', `The server process of the data folder ended: ${cause}`, {
      remedy: 'Repeat the command; `drydock run FILE` or `drydock serve` resumes the unfinished runs.',
    });
  }
}

export interface ServerClient {
  service: Service;
  /** Address of the pages, if they are served. */
  pages(): Promise<string | undefined>;
  watch(runId: string, signal: AbortSignal): AsyncIterable<WatchItem>;
}

/** A service whose methods are forwarded to `call`. */
export const proxyService = (call: (method: string, args: unknown[]) => Promise<unknown>): Service =>
  new Proxy({} as Service, {
    get:
      (_target, method) =>
      (...args: unknown[]) =>
        call(String(method), args),
  });

/** The service of the server process in another process, over its control socket. Errors keep their names. */
export function connectServer(socket: string): ServerClient {
  const service = proxyService(async (method, args) =>
    decodeAnswer(await textOf(await send(socket, 'POST', '/call', encodeCall(method, args)))),
  );
  return {
    service,
    async pages() {
      const answer = decodeAnswer(await textOf(await send(socket, 'GET', '/pages', '')));
      return typeof answer === 'string' ? answer : undefined;
    },
    async *watch(runId, signal) {
      if (signal.aborted) return;
      try {
        const response = await send(socket, 'GET', `/watch/${encodeURIComponent(runId)}`, '', signal);
        for await (const line of linesOf(response)) yield JSON.parse(line) as WatchItem;
      } catch (error) {
        if (!signal.aborted) throw error instanceof ServerGone ? error : new ServerGone((error as Error).message);
      }
      if (!signal.aborted) throw new ServerGone('it closed the connection');
    },
  };
}

/**
 * The lines of a response. `readline` is not used, because it emits the error of an aborted response again after its
 * loop ended, when nothing handles it.
 */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  response.setEncoding('utf8');
  // The loop throws the error too; this listener handles one after the loop.
  response.on('error', () => undefined);
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** Whether a process listens on the socket. */
export const isServed = (socket: string): Promise<boolean> =>
  send(socket, 'GET', '/', '').then(
    (response) => {
      response.resume();
      return true;
    },
    () => false,
  );

function send(
  socket: string,
  method: string,
  path: string,
  body: string,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = http.request({ socketPath: socket, method, path }, resolve);
    outgoing.on('error', (error) => reject(new ServerGone(error.message)));
    // Not the `signal` option of the request, because it emits an error that nothing handles after the response.
    signal?.addEventListener('abort', () => outgoing.destroy(), { once: true });
    outgoing.end(body);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (error) {
    throw new ServerGone((error as Error).message);
  }
  return Buffer.concat(chunks).toString('utf8');
}
