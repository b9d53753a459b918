import { BlockList, isIP } from 'node:net';

const privateRanges = new BlockList();
for (const [network, bits, family] of [
  ['10.0.0.0', 8, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
] as const)
  privateRanges.addSubnet(network, bits, family);

/** Whether a host of a URL is this machine. */
export const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(host);

/** Whether a host of a URL is this machine or one of a private network, where TLS is not usual. */
export function isLocalHost(host: string): boolean {
  if (isLoopback(host) || /\.(?:internal|local|lan|home\.arpa)$/.test(host)) return true;
  const address = host.replace(/^\[|\]$/g, '');
  const version = isIP(address);
  return version !== 0 && privateRanges.check(address, version === 6 ? 'ipv6' : 'ipv4');
}
