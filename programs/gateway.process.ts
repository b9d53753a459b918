/** The gateway of one phase as a child process or a container: configuration on stdin, messages on stdout. */
import { type Server, setGlobalProxyFromEnv } from 'node:http';
import { createInterface } from 'node:readline';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { type ContainedGatewayConfig, gatewayConfig } from '../gateway/config.ts';
import { systemNetwork } from '../gateway/egress/connect.ts';
import { internalAddress } from '../gateway/internal-address.ts';
import { gatewayLimits } from '../gateway/limits.ts';
import type { GatewayMessage } from '../gateway/messages.ts';
import { Inbox } from '../gateway/phase/inbox.ts';
import { createArchiveFolder } from '../gateway/registry/archive-folder.ts';
import { createGateway } from '../gateway/server.ts';

let server: Server | undefined;
const tell = (message: GatewayMessage): void => void process.stdout.write(`${JSON.stringify(message)}\n`);
const lines = createInterface({ input: process.stdin });
// The launcher keeps stdin open while it lives, so the gateway ends with it, however the launcher ended.
lines.once('close', stop);
const inbox = new Inbox();
lines.once('line', (line) => {
  void serve(line).catch(fail);
  // Each later line is what people said so far.
  lines.on('line', (remarks) => inbox.putUnread(readJson(remarks)));
});
// The launcher is gone, and with it the reader of the messages.
process.stdout.on('error', () => process.exit(0));

async function serve(line: string): Promise<void> {
  const config = gatewayConfig.parse(JSON.parse(line));
  const { archives } = config;
  const kept = archives && {
    store: createArchiveFolder(archives.folder),
    checksums: new Map(Object.entries(archives.checksums)),
  };
  if ('port' in config) reachOthersAs(config);
  server = await createGateway(config, tell, systemNetwork, kept, gatewayLimits, inbox);
  server.once('error', fail);
  if ('port' in config) {
    const host = internalAddress();
    server.listen(config.port, host, () => tell({ type: 'ready', host }));
  } else server.listen(config.socket, () => tell({ type: 'ready' }));
}

/** A container has neither the variables nor the files of the machine that started it. */
function reachOthersAs({ certificates, proxy }: ContainedGatewayConfig): void {
  if (certificates !== '') setDefaultCACertificates([...getCACertificates('default'), ...split(certificates)]);
  setGlobalProxyFromEnv(proxy);
}

const split = (pem: string): string[] =>
  pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];

/** Ends the process once the launcher has all messages: one that it reads later still waits here, not in the pipe. */
function stop(): void {
  // A tunnel tells its bytes when it is closed.
  const exit = (): void => void setImmediate(() => process.stdout.write('', () => process.exit(0)));
  if (server?.listening !== true) exit();
  else {
    server.close(exit);
    server.closeAllConnections();
  }
}

function readJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
