import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/**
 * Where archives of packages are kept between phases. It need not be believed: what comes from it has to have the
 * checksum it was asked for. Neither call throws.
 */
export interface ArchiveStore {
  /** @param sha512 128 hex. */
  get(sha512: string): Promise<Uint8Array | undefined>;
  put(sha512: string, bytes: Uint8Array): Promise<void>;
}

export interface Archives {
  store: ArchiveStore;
  /** Path below the registry, `@scope/name/-/name-1.0.0.tgz`, to the SHA-512 in hex that the lock file has for it. */
  checksums: ReadonlyMap<string, string>;
}

/** Larger ones are only passed on: while a few are under way each is held in memory. */
export const maxArchive = 8 * 1024 * 1024;

const lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ name: z.string().optional(), version: z.string().optional(), integrity: z.string().optional() }),
  ),
});

/**
 * What an npm lock file (version 2 or 3) says of each archive of the registry; empty for anything else. The lock file is
 * the base commit's, read outside of any sandbox.
 */
export function checksumsOf(lockFile: string): Map<string, string> {
  const checksums = new Map<string, string>();
  let parsed: z.infer<typeof lock>;
  try {
    parsed = lock.parse(JSON.parse(lockFile));
  } catch {
    return checksums; // npm will say what is wrong with it
  }
  for (const [place, { name: alias, version, integrity }] of Object.entries(parsed.packages)) {
    const name = alias ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const base64 = /(?:^| )sha512-([A-Za-z0-9+/]{86}==)/.exec(integrity ?? '')?.[1];
    if (!place.includes('node_modules/') || version === undefined || base64 === undefined) continue;
    const path = `${name}/-/${name.slice(name.lastIndexOf('/') + 1)}-${version}.tgz`;
    checksums.set(path, Buffer.from(base64, 'base64').toString('hex'));
  }
  return checksums;
}

/**
 * @param sha512 128 hex.
 * @internal for its tests
 */
export const hasChecksum = (bytes: Uint8Array, sha512: string): boolean =>
  timingSafeEqual(createHash('sha512').update(bytes).digest(), Buffer.from(sha512, 'hex'));

/** From the store, if it has what the lock file means. */
export async function keptArchive({ store }: Archives, sha512: string): Promise<Uint8Array | undefined> {
  const bytes = await store.get(sha512);
  return bytes && hasChecksum(bytes, sha512) ? bytes : undefined;
}

/** Into the store, if it is what the lock file means. */
export async function keepArchive({ store }: Archives, sha512: string, bytes: Uint8Array): Promise<void> {
  if (hasChecksum(bytes, sha512)) await store.put(sha512, bytes);
}
