import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { DrydockError } from '../../core/errors.ts';

interface WebhookListenerOptions {
  app: Hono;
  /** 0 picks a free one. */
  port: number;
  host?: string;
  /** For the whole of a request's headers. */
  headersTimeoutMs?: number;
  /** For the whole of a request. */
  requestTimeoutMs?: number;
  maxConnections?: number;
}

/** Enough for a thousand pushes at once beside whoever holds connections open; each gives its own up in seconds. */
const maxConnections = 2_048;

/** A server that closes looks at no timeout any more. What was not answered by then counts as failed with GitHub, and the sweep finds it. */
const graceMs = 1_000;

/**
 * Listens for webhooks, apart from the pages: whoever lets a code host reach this port must not let it reach pages that
 * decide as the person at this machine. Nobody keeps a connection without sending: a request has a few seconds for its
 * headers and ten for all of it, and ends in 408; a refusal closes the connection.
 * @throws UsageError when the port cannot be had.
 */
export async function listenForWebhooks(
  options: WebhookListenerOptions,
): Promise<{ url: string; close(): Promise<void> }> {
  const { app, port, host = '127.0.0.1' } = options;
  const headersTimeout = options.headersTimeoutMs ?? 5_000;
  const handler = getRequestListener(
    async (request) => {
      const response = await app.fetch(request);
      if (response.status !== 202) response.headers.set('connection', 'close');
      return response;
    },
    { overrideGlobalObjects: false },
  );
  const server = createServer(
    {
      headersTimeout,
      requestTimeout: options.requestTimeoutMs ?? 10_000,
      // How often the two above are looked at; Node's own half a minute would make them mean nothing.
      connectionsCheckingInterval: Math.ceil(headersTimeout / 5),
      keepAliveTimeout: headersTimeout,
    },
    handler,
  );
  server.maxHeadersCount = 100;
  server.maxConnections = options.maxConnections ?? maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new DrydockError('UsageError', `Port ${port} cannot be had for webhooks: ${error.code ?? error.message}.`, {
          remedy: 'Choose another, or 0 for a free one.',
          cause: error,
        }),
      ),
    );
    server.listen({ port, host, backlog: maxConnections }, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    close: () =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
      }),
  };
}
