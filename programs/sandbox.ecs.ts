/**
 * The program of a sandbox in a container, on AWS or of an engine of this machine: like programs/sandbox.process.ts, but
 * started by a service that can only pass environment variables. Their content is worthless by the time anything else runs here.
 */
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type BootConfig, bootAnswer, type GatewayAddress } from '../sandbox/boot.ts';
import { layout } from '../sandbox/layout.ts';
import { refuseCompany } from '../sandbox/runner/commands/container.ts';
import { runBoot } from '../sandbox/runner/run-boot.ts';

/** Time limit for the gateway: both tasks start together, and it creates the base repository before it listens. */
const maxWaitMs = 10 * 60_000;
const pauseMs = 500;
/** How often the gateway is looked for, and how often in a row it has to be missing. */
const checkMs = 2_000;
const maxRefused = 3;

const environment = z.object({
  DRYDOCK_GATEWAY: z.string().regex(/^[\w.-]+:\d+$/),
  DRYDOCK_TICKET: z.string().min(32),
});

async function main(): Promise<void> {
  refuseCompany();
  const { DRYDOCK_GATEWAY, DRYDOCK_TICKET } = environment.parse(process.env);
  for (const name of ['DRYDOCK_GATEWAY', 'DRYDOCK_TICKET']) delete process.env[name];
  const [host = '', port = ''] = DRYDOCK_GATEWAY.split(':');
  const gateway = { host, port: Number(port) };
  const answer = bootAnswer.parse(await exchange(gateway, DRYDOCK_TICKET));
  const { workspace, home, out, tmp, deps, agent, runner, tools } = layout;
  const boot: BootConfig = {
    ...answer,
    gateway,
    relayPort: layout.relayPort,
    isolation: 'container',
    paths: { workspace, home, out, tmp, deps, agent, runner, tools },
    system: [],
    links: [],
    toolPaths: [],
    sharedMemoryMb: 64,
    notes: {},
  };
  endWithGateway(gateway);
  await runBoot(boot);
}

/**
 * Ends this program, and with it the container, when the gateway is gone: nothing that it does reaches anybody then. A
 * gateway that is only busy still takes connections.
 */
function endWithGateway(gateway: { host: string; port: number }): void {
  let refused = 0;
  const check = (): void => {
    const socket = connect(gateway);
    socket.setTimeout(checkMs);
    const end = (gone: boolean): void => {
      refused = gone ? refused + 1 : 0;
      socket.destroy();
      if (refused >= maxRefused) fail(new Error('the gateway has ended'));
    };
    socket.once('connect', () => end(false));
    socket.once('timeout', () => end(true));
    socket.once('error', () => end(true));
  };
  setInterval(check, checkMs).unref();
}

async function exchange(gateway: Extract<GatewayAddress, { host: string }>, ticket: string): Promise<unknown> {
  for (const until = performance.now() + maxWaitMs; ; await sleep(pauseMs)) {
    const answer = await ask(gateway, ticket).catch((error: unknown) => {
      if (performance.now() > until) throw error;
      return undefined;
    });
    // A refusal is final.
    if (answer && answer.status !== 200) throw new Error(`the gateway answered ${answer.status} to the ticket`);
    if (answer) return JSON.parse(answer.body) as unknown;
  }
}

const ask = (gateway: { host: string; port: number }, ticket: string): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${ticket}` };
    const request = httpRequest({ ...gateway, method: 'POST', path: '/boot', headers, timeout: 10_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.once('error', reject);
    });
    request.once('timeout', () => request.destroy(new Error('no answer')));
    request.once('error', reject);
    request.end();
  });

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

process.umask(0o022);
main().then(() => process.exit(0), fail);
