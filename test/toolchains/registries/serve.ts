/** A registry on the host's loopback, as the tools of the host are configured with one. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Served {
  /** Base URL, with a slash at the end. */
  url: string;
  /** Paths that were asked for. */
  asked: string[];
  close(): void;
}

export interface Answer {
  type?: string;
  body: string | Uint8Array;
}

/** @param answer Of a path without its query, `undefined` for 404. */
export async function serve(
  answer: (path: string, accept: string, base: string) => Answer | undefined | Promise<Answer | undefined>,
): Promise<Served> {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    void (async () => {
      const path = decodeURIComponent((request.url ?? '/').split('?')[0] ?? '/');
      asked.push(path);
      const found = await answer(path, request.headers.accept ?? '', served.url);
      if (found === undefined || !['GET', 'HEAD'].includes(request.method ?? ''))
        response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
      else response.writeHead(200, { 'content-type': found.type ?? 'application/octet-stream' }).end(found.body);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const served: Served = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return served;
}
