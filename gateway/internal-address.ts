import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/**
 * The interfaces that a default route leads out of, by /proc/net/route.
 * @internal for its tests
 */
export function waysOut(table: string): Set<string> {
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  return new Set(rows.flatMap(([name = '', destination]) => (destination === '00000000' ? [name] : [])));
}

/**
 * This container's address in the network that has no way out. A gateway is in two networks, and only the sandbox is
 * meant to reach it.
 * @throws Error if there is not exactly one.
 */
export function internalAddress(): string {
  const out = waysOut(readFileSync('/proc/net/route', 'utf8'));
  const found = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    out.has(name) ? [] : addresses.filter(({ family, internal }) => family === 'IPv4' && !internal),
  );
  const [address] = found;
  if (address === undefined || found.length > 1)
    throw new Error(`the gateway has ${found.length} addresses in networks without a way out`);
  return address.address;
}
