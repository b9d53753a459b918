import { expect, test } from 'vitest';
import { countersIn } from '../../../../../sandbox/runner/link/direct.ts';

const snmp = `Ip: Forwarding DefaultTTL InReceives OutNoRoutes FragOKs
Ip: 1 64 10 3 0
Icmp: InMsgs InErrors
Icmp: 4 0
Udp: InDatagrams NoPorts InErrors
Udp: 8 2 0
UdpLite: InDatagrams NoPorts InErrors
UdpLite: 0 99 0
`;

test('what goes past the proxy is read from the counters of the kernel, for both versions of IP', () => {
  expect(countersIn(snmp, 'Ip6InReceives 5\nIp6OutNoRoutes                  \t4\nUdp6NoPorts\t1\n')).toEqual({
    connections: 7,
    lookups: 3,
  });
  expect(countersIn('', '')).toEqual({ connections: 0, lookups: 0 });
});
