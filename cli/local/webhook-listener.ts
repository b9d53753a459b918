import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { DrydockError } from '../../core/errors.ts';

interface WebhookListenerOptions {
  app: Hono;
  /** 0 picks a free port. */
  port: number;
  host?: string;
  /** Maximum time for all headers of a request. */
  headersTimeoutMs?: number;
  /** Maximum time for a whole request. */
  requestTimeoutMs?: number;
  maxConnections?: number;
}

/** Enough for a thousand simultaneous pushes in addition to idle connections, which time out within seconds. */
const maxConnections = 2_048;

/**
 * `server.close()` disables request timeouts, so connections are closed after this time. GitHub counts unanswered
 * deliveries as failed, and the sweep finds them.
 */
const graceMs = 1_000;

/**
 * Listens for webhooks on a separate port, because a port that a code host can reach must not serve the pages, which
 * vote as this person. Slow clients end with status 408, after 5 s for the headers or 10 s for the whole request; a
 * refusal closes the connection.
 * @throws UsageError when the port is not available.
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
      // Node checks both timeouts only in this interval; its default of 30 s would be too long for them.
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
        new DrydockError('UsageError', `Port ${port} is not available for webhooks: ${error.code ?? error.message}.`, {
          remedy: 'Choose another port, or 0 for a free one.',
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
