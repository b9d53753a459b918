import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import type { Command } from 'commander';
import { createWebhook } from '../../adapters/github/webhook/receiver.ts';
import { defined } from '../../core/defined.ts';
import { DrydockError, viewError } from '../../core/errors.ts';
import { counted } from '../../core/plan/stake.ts';
import { readScope } from '../../core/review/readers.ts';
import { testChannel } from '../../pipeline/notices/test-message.ts';
import { createWeb } from '../../web/app.ts';
import type { WebAct } from '../../web/options.ts';
import { action, asOption, type CommonOptions, dataOption, policyOption, wholeNumber } from '../command.ts';
import { requesterName } from '../config/home.ts';
import { loadPolicy } from '../config/load-policy.ts';
import type { ServerProcess } from '../local/compose.ts';
import type { Webhooks } from '../local/compose-github.ts';
import { dataFolder } from '../local/data-folder.ts';
import { acceptsPeer } from '../local/same-user.ts';
import { type Driver, sandboxOf, sandboxOption } from '../local/sandbox-choice.ts';
import { openSession } from '../local/session.ts';
import { forOneUser, forPeople, type SignInOptions, secretVariable } from '../local/sign-in/people.ts';
import { listenForWebhooks } from '../local/webhook-listener.ts';
import type { ExitCode } from '../terminal/exit-code.ts';
import { type Output, plain, print } from '../terminal/output.ts';

const defaultPort = 7717;
/** A separate port, because a port that a code host can reach must not serve the pages: they vote as this person. */
const defaultWebhookPort = 7718;

interface ServeOptions extends CommonOptions, SignInOptions {
  port: number;
  webhookPort: number;
  sandbox?: Driver;
}

export function register(program: Command): void {
  const command = program
    .command('serve')
    .description('start the server process: run submitted specs, resume runs after a crash, serve the pages')
    .option('--port <n>', 'port of the pages on the loopback address; 0 picks a free one', port('--port'), defaultPort)
    .option(
      '--webhook-port <n>',
      'port for webhooks of GitHub, used if there are credentials for GitHub',
      port('--webhook-port'),
      defaultWebhookPort,
    )
    .addOption(sandboxOption())
    .option('--public-url <url>', 'URL at which others reach the pages, for links in pull requests', publicUrl)
    .option('--oidc <issuer>', 'URL of an OpenID Connect issuer, where people sign in before they see the pages')
    .option('--oidc-client <id>', `id of the client there; its secret is in ${secretVariable}`)
    .option(...policyOption)
    .option(...asOption)
    .option(...dataOption)
    .addHelpText(
      'after',
      `
Examples:
  drydock serve                     serve the pages on http://127.0.0.1:${defaultPort} until Ctrl-C
  drydock serve --as lead --port 0  cast votes on the pages as lead
  drydock serve --oidc https://id.example.com --oidc-client drydock --public-url https://drydock.example.com
                                    serve a team, behind a proxy that ends TLS`,
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

/** Serves until a signal stops it; other commands reach this server process through its control socket. */
async function serve(output: Output, options: ServeOptions): Promise<ExitCode> {
  const { policy } = loadPolicy({
    repositories: new Map(),
    ...defined({ policy: options.policy, as: options.as }),
  });
  const dataDir = dataFolder(options.data);
  const stopped = stopSignal();
  const listening: { url?: string } = {};
  const session = await openSession({
    dataDir,
    webUrl: () => listening.url,
    policy: () => policy,
    messages: policy,
    sandbox: sandboxOf(policy, options.sandbox),
    stopping: stopped.signal,
    ...defined({ publicUrl: options.publicUrl }),
  });
  try {
    const { server: serverProcess } = session;
    if (!serverProcess) {
      throw new DrydockError('DataFolderBusy', `Another server process owns ${dataDir}.`, {
        remedy: 'Stop that `drydock serve` or `drydock run`, or use another folder with --data.',
      });
    }
    const audit = (act: WebAct): Promise<void> => serverProcess.audit({ ...act, channel: 'page' });
    const { oidc } = options;
    const signIn =
      oidc === undefined
        ? forOneUser(requesterName(options.as))
        : await forPeople({ ...options, oidc }, { policy, dataDir, audit });
    const web = createWeb({
      service: (who) => serverProcess.serviceFor(readScope(policy, who), 'page'),
      watch: serverProcess.watch,
      outbox: serverProcess.outbox,
      ...signIn,
      audit,
      channels: serverProcess.channels.map(({ name }) => name),
      testChannel: (channel, person) => testChannel(serverProcess.channels, channel, person, Date.now()),
      policy,
      now: Date.now,
      onFault: (error) =>
        output.err(
          `drydock: a page failed: ${plain(error instanceof Error ? (error.stack ?? error.message) : viewError(error).message)}`,
        ),
    });
    const server = createServer(getRequestListener(web.fetch));
    server.on('connection', (socket) => {
      // Where people sign in, the proxy before the pages may be another user.
      if (oidc !== undefined || acceptsPeer(socket)) return;
      output.err('drydock: refused a connection from another user of this machine');
      socket.destroy();
    });
    const url = await listen(server, options.port);
    listening.url = signIn.origin ?? url;
    try {
      const resumed = await serverProcess.resume();
      const receiving =
        serverProcess.webhooks && (await receive(serverProcess, serverProcess.webhooks, options.webhookPort, output));
      print(output, { url, resumed, webhooks: receiving?.url ?? null }, () => [
        url,
        ...(receiving ? [`webhooks: ${receiving.url}`] : []),
      ]);
      if (!output.json)
        output.err(
          `Serving ${dataDir}${resumed > 0 ? `; resumed ${counted(resumed, 'unfinished run')}` : ''}. Press Ctrl-C to stop.`,
        );
      const following = followSchedules(serverProcess, stopped.signal, output);
      await stopped.promise;
      await following;
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

/** Receives and handles the deliveries of the code host; prints one line per delivery on stderr. */
async function receive({ audit }: ServerProcess, webhooks: Webhooks, port: number, output: Output) {
  const stop = new AbortController();
  const fault = (problem: string) => (error: unknown) =>
    output.err(plain(`drydock: ${problem}: ${viewError(error).message} ${viewError(error).remedy}`));
  const say = (line: string): void => output.err(plain(line));
  const app = createWebhook({
    secrets: webhooks.secrets,
    inbox: webhooks.inbox,
    onDropped: ({ event, outcome, reason }) => say(`${event} ${outcome}: ${reason}`),
    onRefused: (reason) => void audit({ type: 'webhook-refused', text: reason, channel: 'github' }),
    onFault: fault('a webhook could not be stored'),
  });
  await webhooks.importBaselines(say);
  const listener = await listenForWebhooks({ app, port });
  // A full disk stops the handling of webhooks, not the runs; the next start handles them.
  const working = webhooks.work(stop.signal, say).catch(fault('webhooks are not handled until the next start'));
  return {
    url: listener.url,
    async close() {
      await listener.close();
      stop.abort();
      await working;
    },
  };
}

/** Milliseconds between two looks at the schedules of runbooks, which are in whole minutes. */
const scheduleMs = 30_000;

/** Fires the schedules of runbooks, reminders and digests until the signal; prints one line for each that fired or was refused. */
async function followSchedules(
  { fireSchedules, tendMessages }: ServerProcess,
  signal: AbortSignal,
  output: Output,
): Promise<void> {
  let before = '';
  while (!signal.aborted) {
    const said = (await fireSchedules(signal)).map(({ outcome, reason }) => `schedule ${outcome}: ${reason}`);
    // A refusal that stays is said once.
    if (said.join('\n') !== before) for (const line of said) output.err(plain(line));
    before = said.join('\n');
    // A look that fails is repeated by the next one.
    await tendMessages().catch((error) => output.err(plain(`drydock: reminders: ${viewError(error).message}`)));
    await delay(scheduleMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** Listens on the loopback address only. @throws UsageError when the port is taken. */
function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE' || error.code === 'EACCES'
          ? new DrydockError('UsageError', `Port ${port} is not available: ${error.code}.`, {
              remedy: 'Choose another with --port, or --port 0 for a free one.',
            })
          : error,
      ),
    );
    server.listen(port, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

/** Closes all connections, because pages that follow a run never close theirs. */
const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** Resolves and aborts at the first SIGINT or SIGTERM; a second one has its default action and ends the process at once. */
function stopSignal(): { promise: Promise<void>; signal: AbortSignal; dispose(): void } {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stopping = new AbortController();
  const stop = (): void => {
    dispose();
    stopping.abort();
    resolve();
  };
  const dispose = (): void => {
    for (const signal of signals) process.removeListener(signal, stop);
  };
  for (const signal of signals) process.on(signal, stop);
  return { promise, signal: stopping.signal, dispose };
}
