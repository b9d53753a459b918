import { once } from 'node:events';
import net from 'node:net';

/**
 * Waits until no other process of this machine has this turn, and takes it. Who has it listens on an abstract socket; who
 * waits is connected to it, and tries again when the connection ends, however its holder ended.
 */
export async function takeTurn(name: string): Promise<() => void> {
  const path = `\0drydock-test-${name}`;
  for (;;) {
    const waiting = new Set<net.Socket>();
    const server = net.createServer((socket) => waiting.add(socket.on('error', () => undefined)));
    const listening = once(server, 'listening');
    server.listen(path);
    const taken = await listening.then(
      () => true,
      () => false,
    );
    if (taken)
      return () => {
        server.close();
        for (const socket of waiting) socket.destroy();
      };
    const socket = net.connect(path).on('error', () => undefined);
    await new Promise((resolve) => socket.once('close', resolve));
  }
}
