import { createServer, connect as netConnect, type OnReadOpts, type Socket } from 'node:net';
import type { GatewayAddress } from '../../boot.ts';
import { relayGreeting } from '../../layout.ts';
import { askingCommand } from './asking-command.ts';

/** A proxy request to a host beyond the gateway. Only for these the requesting command is looked up, which is slow. */
const proxyRequest = /^(CONNECT \S+|[A-Z]+ https?:\/\/\S+) HTTP\/1\.[01]\r\n/;

/** Bytes that are read at once. */
const chunkBytes = 256 * 1024;

/**
 * Forwards what is read with one buffer: a clone of hundreds of MB would leave as much in new ones, faster than they are
 * collected. It is read into again when it was written.
 */
const forwardTo = (to: Socket, from: () => Socket): OnReadOpts => ({
  buffer: Buffer.allocUnsafeSlow(chunkBytes),
  callback(bytes, buffer) {
    to.write(Buffer.from(buffer.buffer, buffer.byteOffset, bytes), () => from().resume());
    return to.writableLength === 0;
  },
});

/**
 * Forwards 127.0.0.1:port to the gateway's socket, which is the only way out of the network namespace. Each connection is
 * greeted with the secret of the agent, because most package managers cannot send one. The relay copies bytes, and adds a
 * header with the requesting command to proxy requests; the gateway does not identify callers by that header.
 */
export function startRelay(
  port: number,
  address: GatewayAddress,
  agentSecret: string,
): Promise<{ port: number; close(): void }> {
  let listening = port;
  const greeting = Buffer.from(relayGreeting(agentSecret), 'latin1');
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const gateway: Socket = netConnect({ ...address, allowHalfOpen: true, onread: forwardTo(client, () => gateway) });
    const drop = (): void => {
      client.destroy();
      gateway.destroy();
    };
    client.on('error', drop);
    gateway.on('error', drop);
    client.on('close', () => gateway.destroy());
    gateway.on('close', () => client.destroy());
    gateway.once('end', () => client.end());
    client.once('end', () => gateway.end());
    client.once('data', (first: Buffer) => void forward(client, gateway, first));
  });

  async function forward(client: Socket, gateway: Socket, first: Buffer): Promise<void> {
    client.pause();
    gateway.write(Buffer.concat([greeting, await named(first, client.remotePort ?? 0)]));
    client.pipe(gateway);
  }

  async function named(first: Buffer, clientPort: number): Promise<Buffer> {
    const line = proxyRequest.exec(first.toString('latin1', 0, 2_048))?.[0];
    if (line === undefined) return first;
    const command = await askingCommand(clientPort, listening).catch(() => undefined);
    if (command === undefined) return first;
    const clean = command.replaceAll(agentSecret, '[redacted]');
    const header = `drydock-command: ${encodeURIComponent(clean)}\r\n`;
    return Buffer.concat([first.subarray(0, line.length), Buffer.from(header, 'latin1'), first.subarray(line.length)]);
  }

  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) listening = address.port;
      resolve({ port: listening, close: () => server.close() });
    });
  });
}
