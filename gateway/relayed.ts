import { timingSafeEqual } from 'node:crypto';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { relayGreeting } from '../sandbox/layout.ts';
import { digest } from './auth.ts';

const start = Buffer.from(relayGreeting(''), 'latin1').subarray(0, -2);
/** Length of the longest greeting that is read. */
const maxGreeting = 256;

/**
 * Lets connections begin with the relay's greeting, which holds the secret of the agent. Programs of the sandbox that
 * cannot send a secret of their own, such as most package managers, are then known as the agent. Connections that begin
 * otherwise are unchanged.
 * @param waitMs Time for the first bytes of a connection.
 * @returns Whether the connection was greeted with this secret.
 */
export function acceptRelayed(server: Server, secret: string, waitMs: number): (socket: Socket) => boolean {
  const relayed = new WeakSet<Socket>();
  /** Connections without a first byte, which the server does not know yet, and would wait for when it closes. */
  const silent = new Set<Socket>();
  const expected = digest(secret);
  const accept = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    let bytes = Buffer.alloc(0);
    const onError = (): void => void socket.destroy();
    const timer = setTimeout(onError, waitMs);
    const done = (rest: Buffer): void => {
      stop();
      socket.off('data', take).off('error', onError).off('end', onError).off('close', stop).pause();
      if (rest.length > 0) socket.unshift(rest);
      for (const listener of accept) listener.call(server, socket);
      socket.resume();
    };
    const stop = (): void => {
      clearTimeout(timer);
      silent.delete(socket);
    };
    const take = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const common = Math.min(bytes.length, start.length);
      if (!bytes.subarray(0, common).equals(start.subarray(0, common))) {
        done(bytes);
        return;
      }
      const end = bytes.indexOf('\r\n');
      if (end < 0) {
        if (bytes.length > maxGreeting) socket.destroy();
        return;
      }
      if (timingSafeEqual(digest(bytes.toString('latin1', start.length, end)), expected)) relayed.add(socket);
      done(bytes.subarray(end + 2));
    };
    silent.add(socket);
    // A server's connection stays open when its other end has closed: the runner looks whether the gateway is there.
    socket.on('data', take).on('error', onError).on('end', onError).on('close', stop);
  });
  const closeOthers = server.closeAllConnections.bind(server);
  server.closeAllConnections = () => {
    closeOthers();
    for (const socket of silent) socket.destroy();
  };
  return (socket) => relayed.has(socket);
}
