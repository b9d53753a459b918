import { chmodSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { DrydockError } from '../../core/errors.ts';
import { type ApiAnswer, encodeError, encodeResult } from '../../pipeline/api/answer.ts';
import { callService, decodeCall, methodNames } from '../../pipeline/api/calls.ts';
import type { Service } from '../../pipeline/service/service.ts';
import type { ServerProcess } from './compose.ts';
import { claimSocketFolder } from './data-folder.ts';
import { http } from './http.ts';

/** Maximum request in bytes: a spec and a policy of maximum size, and base64. */
const maxBody = 8 * 1024 * 1024;

export interface ControlServer {
  /** Number of other commands that watch a run through this server process. */
  watchers(): number;
  close(): Promise<void>;
}

/**
 * Serves the service of this server process to other commands of the same user, over a unix socket in a folder that
 * only this user can enter: `POST /call` with an encoded call, `GET /watch/<runId>` as NDJSON, `GET /pages` for the
 * address of the pages.
 */
export async function serveControl(serverProcess: ServerProcess, socket: string): Promise<ControlServer> {
  let watchers = 0;
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://owner');
    const [, verb, name = ''] = url.pathname.split('/');
    const work =
      verb === 'watch' && request.method === 'GET'
        ? stream(serverProcess, decodeURIComponent(name), request, response, (change) => {
            watchers += change;
          })
        : (verb === 'pages' ? pages(serverProcess) : call(serverProcess.service, verb, request)).then((answer) =>
            reply(response, answer),
          );
    work.catch((error) => {
      if (!response.headersSent) reply(response, encodeError(error));
      else response.destroy();
    });
  });
  claimSocketFolder(socket);
  // This process holds the lock of the journal, so an existing socket is a leftover without a listener.
  rmSync(socket, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  chmodSync(socket, 0o600);
  return {
    watchers: () => watchers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const pages = async ({ pages }: ServerProcess): Promise<ApiAnswer> => encodeResult(pages());

async function call(service: Service, verb: string | undefined, request: IncomingMessage): Promise<ApiAnswer> {
  if (verb !== 'call' || request.method !== 'POST') throw new DrydockError('UsageError', 'This path does not exist.');
  return encodeResult(await callService(service, methodNames, decodeCall(await body(request))));
}

async function stream(
  serverProcess: ServerProcess,
  runId: string,
  request: IncomingMessage,
  response: ServerResponse,
  count: (change: number) => void,
): Promise<void> {
  const gone = new AbortController();
  request.on('close', () => gone.abort());
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  count(1);
  try {
    for await (const item of serverProcess.watch(runId, gone.signal)) response.write(`${JSON.stringify(item)}\n`);
  } finally {
    count(-1);
    response.end();
  }
}

const reply = (response: ServerResponse, { status, text }: ApiAnswer): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(text);
};

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBody) throw new DrydockError('UsageError', `The request is larger than ${maxBody} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
