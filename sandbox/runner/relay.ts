import { createServer, connect as netConnect, type Server } from 'node:net';

/**
 * 127.0.0.1:port → the gateway's socket: the one way out of the network namespace. Bytes only; the gateway tells the
 * callers apart by their secrets.
 */
export function startRelay(port: number, gatewaySocket: string): Promise<{ port: number; close(): void }> {
  const server: Server = createServer({ allowHalfOpen: true }, (client) => {
    const gateway = netConnect({ path: gatewaySocket, allowHalfOpen: true });
    const drop = (): void => {
      client.destroy();
      gateway.destroy();
    };
    client.on('error', drop);
    gateway.on('error', drop);
    client.pipe(gateway).pipe(client);
    client.on('close', () => gateway.destroy());
    gateway.on('close', () => client.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        close: () => server.close(),
      });
    });
  });
}
