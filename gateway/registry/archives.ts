import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/**
 * Storage for package archives between phases. It need not be trusted: every archive is verified with its checksum.
 * Neither method throws.
 */
export interface ArchiveStore {
  /** @param sha512 128 hex digits. */
  get(sha512: string): Promise<Uint8Array | undefined>;
  put(sha512: string, bytes: Uint8Array): Promise<void>;
}

export interface Archives {
  store: ArchiveStore;
  /** SHA-512 in hex from the lock file, by path below the registry: `@scope/name/-/name-1.0.0.tgz`. */
  checksums: ReadonlyMap<string, string>;
}

/** Larger archives are forwarded but not stored, because archives in transfer are held in memory. */
export const maxArchive = 8 * 1024 * 1024;

const lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ name: z.string().optional(), version: z.string().optional(), integrity: z.string().optional() }),
  ),
});

/**
 * The checksums of the registry's archives in an npm lock file (version 2 or 3); empty for any other content. The lock
 * file is the base commit's, and is read outside the sandbox.
 */
export function checksumsOf(lockFile: string): Map<string, string> {
  const checksums = new Map<string, string>();
  let parsed: z.infer<typeof lock>;
  try {
    parsed = lock.parse(JSON.parse(lockFile));
  } catch {
    return checksums; // npm reports the error
  }
  for (const [location, { name: alias, version, integrity }] of Object.entries(parsed.packages)) {
    const name = alias ?? location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const base64 = /(?:^| )sha512-([A-Za-z0-9+/]{86}==)/.exec(integrity ?? '')?.[1];
    if (!location.includes('node_modules/') || version === undefined || base64 === undefined) continue;
    const path = `${name}/-/${name.slice(name.lastIndexOf('/') + 1)}-${version}.tgz`;
    checksums.set(path, Buffer.from(base64, 'base64').toString('hex'));
  }
  return checksums;
}

/**
 * @param sha512 128 hex digits.
 * @internal for its tests
 */
export const hasChecksum = (bytes: Uint8Array, sha512: string): boolean =>
  timingSafeEqual(createHash('sha512').update(bytes).digest(), Buffer.from(sha512, 'hex'));

/** The stored archive, if it has the lock file's checksum. */
export async function keptArchive({ store }: Archives, sha512: string): Promise<Uint8Array | undefined> {
  const bytes = await store.get(sha512);
  return bytes && hasChecksum(bytes, sha512) ? bytes : undefined;
}

/** Stores an archive, if it has the lock file's checksum. */
export async function keepArchive({ store }: Archives, sha512: string, bytes: Uint8Array): Promise<void> {
  if (hasChecksum(bytes, sha512)) await store.put(sha512, bytes);
}
