import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Command } from 'commander';
import { createWebhook } from '../../adapters/github/webhook/receiver.ts';
import { DrydockError, viewError } from '../../core/errors.ts';
import { createWeb } from '../../web/app.ts';
import { oneVisitor } from '../../web/security/request-guard.ts';
import { action, asOption, type CommonOptions, dataOption, policyOption, wholeNumber } from '../command.ts';
import { loadPolicy, requesterName } from '../config/load-policy.ts';
import type { Webhooks } from '../local/compose-github.ts';
import { dataFolder } from '../local/data-folder.ts';
import { acceptsPeer } from '../local/same-user.ts';
import { openSession } from '../local/session.ts';
import { listenForWebhooks } from '../local/webhook-listener.ts';
import type { ExitCode } from '../terminal/exit-code.ts';
import { type Output, plain, print } from '../terminal/output.ts';

const defaultPort = 7717;
/** Of its own: whoever lets a code host reach it must not let it reach the pages, which decide as the person here. */
const defaultWebhookPort = 7718;

interface ServeOptions extends CommonOptions {
  port: number;
  webhookPort: number;
  publicUrl?: string;
}

export function register(program: Command): void {
  const command = program
    .command('serve')
    .description('own the data folder: run what is submitted, resume what a crash interrupted, show the pages')
    .option('--port <n>', 'port on the loopback address; 0 picks a free one', port('--port'), defaultPort)
    .option(
      '--webhook-port <n>',
      'port for the messages of GitHub, once its credentials are there',
      port('--webhook-port'),
      defaultWebhookPort,
    )
    .option('--public-url <url>', 'where others reach the pages, for links in pull requests', publicUrl)
    .option(...policyOption)
    .option(...asOption)
    .option(...dataOption)
    .addHelpText(
      'after',
      `
Examples:
  drydock serve                     the pages on http://127.0.0.1:${defaultPort}, until Ctrl-C
  drydock serve --as lead --port 0  votes on the pages are cast as lead`,
    );
  action<[], ServeOptions>(command, serve);
}

const port =
  (flag: string) =>
  (text: string): number => {
    const value = wholeNumber(flag, 0)(text);
    if (value > 65_535) throw new DrydockError('UsageError', `${flag} takes a number up to 65535, not ${value}.`);
    return value;
  };

function publicUrl(text: string): string {
  const url = URL.parse(text);
  if (url && (url.protocol === 'https:' || url.protocol === 'http:')) return url.origin;
  throw new DrydockError('UsageError', `--public-url takes an http or https URL, not ${JSON.stringify(text)}.`);
}

/** Serves until it is told to stop; other commands reach this serverProcess through its control socket. */
async function serve(output: Output, options: ServeOptions): Promise<ExitCode> {
  const { policy } = loadPolicy({
    repositories: new Map(),
    ...(options.policy === undefined ? {} : { policy: options.policy }),
    ...(options.as === undefined ? {} : { as: options.as }),
  });
  const dataDir = dataFolder(options.data);
  const stopped = stopSignal();
  const listening: { url?: string } = {};
  const session = await openSession({
    dataDir,
    webUrl: () => listening.url,
    policy: () => policy,
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
  });
  try {
    const { server: serverProcess } = session;
    if (!serverProcess) {
      throw new DrydockError('DataFolderBusy', `Another process owns ${dataDir}.`, {
        remedy: 'Stop it (`drydock serve` or `drydock run`), or serve another folder with --data.',
      });
    }
    const web = createWeb({
      service: serverProcess.service,
      watch: serverProcess.watch,
      outbox: serverProcess.outbox,
      door: oneVisitor(requesterName(options.as), randomBytes(32)),
      policy,
      now: Date.now,
      onFault: (error) =>
        output.err(
          `drydock: a page failed: ${plain(error instanceof Error ? (error.stack ?? error.message) : viewError(error).message)}`,
        ),
    });
    const server = createServer(getRequestListener(web.fetch));
    server.on('connection', (socket) => {
      if (acceptsPeer(socket)) return;
      output.err('drydock: refused a connection of another user of this machine');
      socket.destroy();
    });
    const url = await listen(server, options.port);
    listening.url = url;
    try {
      const resumed = await serverProcess.resume();
      const receiving = serverProcess.webhooks && (await receive(serverProcess.webhooks, options.webhookPort, output));
      print(output, { url, resumed, webhooks: receiving?.url ?? null }, () => [
        url,
        ...(receiving ? [`webhooks: ${receiving.url}`] : []),
      ]);
      if (!output.json)
        output.err(`Serving ${dataDir}${resumed > 0 ? `; ${resumed} unfinished taken up` : ''}. Ctrl-C ends it.`);
      await stopped.promise;
      await receiving?.close();
    } finally {
      await close(server);
    }
    return 0;
  } finally {
    stopped.dispose();
    await session.close();
  }
}

/** Takes what the code host sends, and works on it; one line each on stderr. */
async function receive(webhooks: Webhooks, port: number, output: Output) {
  const stop = new AbortController();
  const fault = (what: string) => (error: unknown) =>
    output.err(plain(`drydock: ${what}: ${viewError(error).message} ${viewError(error).remedy}`));
  const app = createWebhook({
    secrets: webhooks.secrets,
    inbox: webhooks.inbox,
    onFault: fault('a message could not be stored'),
  });
  const say = (line: string): void => output.err(plain(line));
  await webhooks.importBaselines(say);
  const listener = await listenForWebhooks({ app, port });
  // A disk that is full ends the work on messages, not the runs; the next start takes them up.
  const working = webhooks.work(stop.signal, say).catch(fault('messages wait'));
  return {
    url: listener.url,
    async close() {
      await listener.close();
      stop.abort();
      await working;
    },
  };
}

/** Listens on the loopback address only. @throws UsageError when the port is taken. */
function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE' || error.code === 'EACCES'
          ? new DrydockError('UsageError', `Port ${port} cannot be had: ${error.code}.`, {
              remedy: 'Choose another with --port, or --port 0 for a free one.',
            })
          : error,
      ),
    );
    server.listen(port, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

/** Pages that follow a run keep their connection for good, so it is taken from them. */
const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once, as it does without us. */
function stopSignal(): { promise: Promise<void>; dispose(): void } {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => {
    dispose();
    resolve();
  };
  const dispose = (): void => {
    for (const signal of signals) process.removeListener(signal, stop);
  };
  for (const signal of signals) process.on(signal, stop);
  return { promise, dispose };
}
