import type { GatewaySettings } from '../config.ts';
import { partOf, registryHosts } from '../registry/parts.ts';
import { asFolder } from '../registry/upstreams.ts';

/** A folder of a host, and the mirror that answers for it. */
interface MirroredFolder {
  /** Begins and ends with a slash. */
  prefix: string;
  mirror: string;
}

/** What the gateway answers for instead of a tunnel. */
export interface RuledHosts {
  /** Whether requests to a host are judged by rules. */
  has(host: string): boolean;
  /** Mirror of a folder of this host, and the URL of a mirror at its own host. */
  mirroredBy(host: string): readonly MirroredFolder[];
  /** The kind of registry that a host belongs to, whether or not it is allowed. */
  registryOf(host: string): string | undefined;
}

export function ruledHosts({ registries, private: own, rules }: GatewaySettings): RuledHosts {
  const mirrored = new Map<string, MirroredFolder[]>();
  const add = (host: string, folder: MirroredFolder): void => {
    mirrored.set(host, [...(mirrored.get(host) ?? []), folder]);
  };
  for (const { host, prefix, part } of registryHosts)
    if (Object.hasOwn(registries, part)) add(host, { prefix, mirror: part });
  // Lock files name the hosts of a company's registries too.
  const configured: [mirror: string, url: string][] = [
    ...Object.entries(registries),
    ...own.map(({ kind, url }, n): [string, string] => [`${kind}~${n}`, url]),
  ];
  for (const [mirror, url] of configured) {
    const { protocol, port, hostname, pathname } = new URL(asFolder(url));
    if (protocol !== 'https:' || port !== '') continue;
    const known = mirrored.get(hostname)?.some(({ prefix }) => prefix === pathname);
    if (!known) add(hostname, { prefix: pathname, mirror });
  }
  for (const folders of mirrored.values()) folders.sort((a, b) => b.prefix.length - a.prefix.length);
  return {
    has: (host) => mirrored.has(host) || rules.some((rule) => rule.host === host),
    mirroredBy: (host) => mirrored.get(host) ?? [],
    registryOf(host) {
      const part = registryHosts.find((each) => each.host === host)?.part;
      return part && partOf(part)?.kind;
    },
  };
}
