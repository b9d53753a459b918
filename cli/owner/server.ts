import { chmodSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { DrydockError, viewError } from '../../core/errors.ts';
import type { Service } from '../../pipeline/service.ts';
import type { Owner } from '../compose.ts';
import { claimSocketFolder } from '../paths.ts';
import { http } from './http.ts';

/** Largest request: a spec of the largest size the parser takes, in base64, and a policy beside it. */
const maxBody = 8 * 1024 * 1024;

export interface ControlServer {
  /** Other commands that watch a run through this owner. */
  watchers(): number;
  close(): Promise<void>;
}

/**
 * Serves the owner's service to other commands of the same user, over a unix socket in a folder only they can enter:
 * `POST /call/<method>` with a JSON array of arguments, `GET /watch/<runId>` as NDJSON.
 */
export async function serveControl(owner: Owner, socket: string): Promise<ControlServer> {
  let watchers = 0;
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://owner');
    const [, verb, name = ''] = url.pathname.split('/');
    const work =
      verb === 'watch' && request.method === 'GET'
        ? stream(owner, decodeURIComponent(name), request, response, (change) => {
            watchers += change;
          })
        : call(owner.service, name, request, response);
    work.catch((error) => {
      if (!response.headersSent) reply(response, 500, { error: viewError(error) });
      else response.destroy();
    });
  });
  claimSocketFolder(socket);
  // Whoever gets here holds the journal's lock, so a socket that is left there has no listener.
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

async function call(service: Service, name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = Object.hasOwn(service, name) ? service[name as keyof Service] : undefined;
  if (!method || request.method !== 'POST')
    return reply(response, 404, { error: { name: 'UsageError', message: `no ${name}`, remedy: '' } });
  const args = JSON.parse(await body(request)) as unknown[];
  try {
    const result = await (method as (...args: unknown[]) => Promise<unknown>)(...args);
    reply(response, 200, { result: result ?? null });
  } catch (error) {
    const details = error instanceof DrydockError ? error.details : undefined;
    reply(response, 422, { error: { ...viewError(error), details } });
  }
}

async function stream(
  owner: Owner,
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
    for await (const item of owner.watch(runId, gone.signal)) response.write(`${JSON.stringify(item)}\n`);
  } finally {
    count(-1);
    response.end();
  }
}

const reply = (response: ServerResponse, status: number, value: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
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
