import { BlockList, isIP } from 'node:net';

/**
 * Ranges outside the public internet (IANA special-purpose registries), with the metadata addresses of clouds, and ranges
 * that a cloud serves to its own machines only.
 */
const special = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24], // AS112
  ['192.52.193.0', 24], // multicast tunneling
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24], // AS112
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['168.63.129.16', 32], // Azure: metadata and configuration of a machine
  ['161.26.0.0', 16], // IBM Cloud: services of its private network
  ['166.8.0.0', 14],
] as const) {
  special.addSubnet(net, prefix, 'ipv4');
}

/** Global unicast, the only range of IPv6 that is used on the internet, and its special-purpose subranges. */
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');
const special6 = new BlockList();
for (const [net, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48], // AS112
  ['3fff::', 20],
] as const) {
  special6.addSubnet(net, prefix, 'ipv6');
}

/** Whether a resolved address is on the public internet. An invalid address is not. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !special.check(address, 'ipv4');
  // ::ffff:a.b.c.d and 64:ff9b:: are outside 2000::/3, so they cannot be used to reach a private IPv4 address.
  return isIP(address) === 6 && global6.check(address, 'ipv6') && !special6.check(address, 'ipv6');
}
