import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { GatewayLimits } from './limits.ts';

export interface Peer {
  /** Whether the sandbox has shown its ticket. */
  readonly known: boolean;
  /** Remembers the address of the sandbox, which has shown its ticket, and closes the connections of all others. */
  pin(socket: Socket): void;
}

type PeerLimits = Pick<GatewayLimits, 'connections' | 'strangers' | 'strangersEach' | 'strangerMs'>;

/**
 * Lets one peer reach a server in a network that the sandboxes of other runs are in too. Until the peer is known, each
 * address has a few connections for a short time, and the oldest one makes room for a new one. From then on, a connection
 * of another address is closed before a byte of it is read.
 *
 * It counts instead of `server.maxConnections`, with which the connections of others would leave none to the peer.
 */
export function onlyPeer(server: Server, limits: PeerLimits): Peer {
  let pinned: string | undefined;
  /** Open connections, the oldest first. Of the peer alone, once it is known. */
  const open = new Map<Socket, { from: string; timer: NodeJS.Timeout }>();
  const from = (address: string): number => [...open.values()].filter((one) => one.from === address).length;
  const accept = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress;
    // It is undefined for one that has gone again.
    if (address === undefined || !hasPlace(address)) {
      // A reset leaves nothing behind in the kernel, which would keep the port of each closed connection for a minute.
      socket.resetAndDestroy();
      return;
    }
    const timer = setTimeout(() => socket.destroy(), limits.strangerMs);
    if (pinned !== undefined) clearTimeout(timer);
    open.set(socket, { from: address, timer });
    socket.once('close', () => {
      clearTimeout(timer);
      open.delete(socket);
    });
    for (const listener of accept) listener.call(server, socket);
  });

  function hasPlace(address: string): boolean {
    if (pinned !== undefined) return address === pinned && open.size < limits.connections;
    if (from(address) >= limits.strangersEach) return false;
    const [oldest] = open.keys();
    if (oldest !== undefined && open.size >= limits.strangers) close(oldest);
    return true;
  }

  function close(socket: Socket): void {
    open.delete(socket);
    socket.destroy();
  }

  return {
    get known() {
      return pinned !== undefined;
    },
    pin(socket) {
      pinned = open.get(socket)?.from;
      for (const [other, { from, timer }] of open) {
        clearTimeout(timer);
        if (from !== pinned) close(other);
      }
    },
  };
}
