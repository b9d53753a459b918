import { readFileSync } from 'node:fs';
import type { DirectAttempts } from '../../boot.ts';

/** What the kernel has counted in the network namespace of the sandbox. */
type Counters = Readonly<Record<keyof DirectAttempts, number>>;

/**
 * Reads the kernel's counters (RFC 1213). In a sandbox without a network, an address outside has no route, and nobody
 * answers for the name server on the loopback interface.
 * @param snmp Content of /proc/net/snmp: a line of names and a line of numbers for each protocol.
 * @param snmp6 Content of /proc/net/snmp6: a name and a number in each line.
 * @internal for its tests
 */
export function countersIn(snmp: string, snmp6: string): Counters {
  const of = (protocol: string, name: string): number => {
    const [names = [], numbers = []] = snmp
      .split('\n')
      .filter((line) => line.startsWith(`${protocol}: `))
      .map((line) => line.split(' '));
    return Number(numbers[names.indexOf(name)] ?? 0);
  };
  const six = new Map(
    snmp6.split('\n').map((line) => /^(\w+)\s+(\d+)$/.exec(line)?.slice(1) ?? []) as [string, string][],
  );
  const of6 = (name: string): number => Number(six.get(name) ?? 0);
  return {
    connections: of('Ip', 'OutNoRoutes') + of6('Ip6OutNoRoutes'),
    lookups: of('Udp', 'NoPorts') + of6('Udp6NoPorts'),
  };
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // a container may hide it
  }
};

/**
 * Counts what goes past the proxy from now on: connections to addresses, and questions to a name server. Which ones they
 * were, the kernel does not say.
 */
export function watchDirect(): () => DirectAttempts {
  const now = (): Counters => countersIn(read('/proc/net/snmp'), read('/proc/net/snmp6'));
  const before = now();
  return () => {
    const after = now();
    return {
      connections: Math.max(0, after.connections - before.connections),
      lookups: Math.max(0, after.lookups - before.lookups),
    };
  };
}
