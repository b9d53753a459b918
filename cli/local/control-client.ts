import type { IncomingMessage } from 'node:http';
import { DrydockError } from '../../core/errors.ts';
import { decodeAnswer, encodeCall } from '../../pipeline/api/answer.ts';
import type { Service, WatchItem } from '../../pipeline/service/service.ts';
import { http } from './http.ts';

/** The owner went away while it was asked. `run` takes over; any other command can be given again. */
export class ServerGone extends DrydockError {
  constructor(cause: string) {
    super('DataFolderBusy', `The process that owns the data folder ended: ${cause}`, {
      remedy: 'Give the command again; `drydock run FILE` or `drydock serve` goes on with what was running.',
    });
  }
}

export interface ServerClient {
  service: Service;
  watch(runId: string, signal: AbortSignal): AsyncIterable<WatchItem>;
}

/** The service wherever calls of it are taken. */
export const proxyService = (call: (method: string, args: unknown[]) => Promise<unknown>): Service =>
  new Proxy({} as Service, {
    get:
      (_target, method) =>
      (...args: unknown[]) =>
        call(String(method), args),
  });

/** The service of another process that owns the data folder, over its socket. Errors keep their names. */
export function connectServer(socket: string): ServerClient {
  const service = proxyService(async (method, args) =>
    decodeAnswer(await textOf(await send(socket, 'POST', '/call', encodeCall(method, args)))),
  );
  return {
    service,
    async *watch(runId, signal) {
      if (signal.aborted) return;
      try {
        const response = await send(socket, 'GET', `/watch/${encodeURIComponent(runId)}`, '', signal);
        for await (const line of linesOf(response)) yield JSON.parse(line) as WatchItem;
      } catch (error) {
        if (!signal.aborted) throw error instanceof ServerGone ? error : new ServerGone((error as Error).message);
      }
      if (!signal.aborted) throw new ServerGone('nothing more came from it');
    },
  };
}

/**
 * The lines of a response. Not by `readline`, which emits the error of an aborted response once more, on an interface that
 * nobody listens to after the loop over it was left.
 */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  response.setEncoding('utf8');
  // The loop throws it as well, as long as there is one.
  response.on('error', () => undefined);
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** Whether somebody listens there. */
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
    // Not by the request's own option: that ends the socket with an error, and after an answer nobody listens to it.
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
