import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/** The used columns of a row in the kernel's table of TCP sockets. */
interface TcpRow {
  localPort: number;
  remotePort: number;
  uid: number;
}

/**
 * Reads `/proc/net/tcp`: `sl local_address rem_address st queues timers retrnsmt uid …`, ports in hexadecimal.
 * @internal for its tests
 */
export function parseTcpTable(text: string): TcpRow[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) \S+ \S+ \S+ \S+\s+(\d+) /.exec(line);
    const [, local = '', remote = '', uid = ''] = match ?? [];
    return match
      ? [{ localPort: Number.parseInt(local, 16), remotePort: Number.parseInt(remote, 16), uid: Number(uid) }]
      : [];
  });
}

/**
 * Whether a loopback connection comes from this user or root, because other users of the machine can reach the same
 * address and must not vote as this person. True if the kernel's table does not list the own end of the connection,
 * which means that the table tells nothing.
 * @internal for its tests
 */
export function fromSameUser(rows: readonly TcpRow[], ports: { peer: number; own: number }, uid: number): boolean {
  const listed = rows.some((row) => row.localPort === ports.own && row.uid === uid);
  if (!listed) return true;
  const peers = rows.filter((row) => row.localPort === ports.peer && row.remotePort === ports.own);
  // Another loopback address may use the same pair of ports: then all of them must belong to this user.
  return peers.length > 0 && peers.every((row) => row.uid === uid || row.uid === 0);
}

/** {@link fromSameUser} for a connection that was just accepted. */
export function acceptsPeer(socket: Socket): boolean {
  const uid = process.getuid?.();
  const { remotePort, localPort } = socket;
  if (uid === undefined || remotePort === undefined || localPort === undefined) return true;
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => {
    try {
      return parseTcpTable(readFileSync(file, 'utf8'));
    } catch {
      return [];
    }
  });
  return fromSameUser(rows, { peer: remotePort, own: localPort }, uid);
}
