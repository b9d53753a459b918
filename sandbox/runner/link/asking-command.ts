import { readdir, readFile, readlink } from 'node:fs/promises';

/**
 * Finds the inode of the client's socket of a loopback connection in /proc/net/tcp.
 * @internal for its tests
 */
export function clientInode(table: string, clientPort: number, relayPort: number): string | undefined {
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[1]?.endsWith(`:${hex(clientPort)}`) && fields[2]?.endsWith(`:${hex(relayPort)}`)) return fields[9];
  }
  return undefined;
}

/** The command line of the process that is connected to the relay, if /proc shows it; only shown to people. */
export async function askingCommand(clientPort: number, relayPort: number): Promise<string | undefined> {
  const inode = clientInode(await readFile('/proc/net/tcp', 'utf8').catch(() => ''), clientPort, relayPort);
  if (inode === undefined || inode === '0') return undefined;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      if ((await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')) !== `socket:[${inode}]`) continue;
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return line.replaceAll('\0', ' ').trim().slice(0, 200) || undefined;
    }
  }
  return undefined;
}
