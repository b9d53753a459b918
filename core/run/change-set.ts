import { z } from 'zod';
import { list } from '../list.ts';

/** Limit in bytes for all changed files of a phase together; the guard's own limit is smaller and configurable. */
export const maxChangeBytes = 100 * 1024 * 1024;

/** Git file modes of a change set. Symlinks and submodules are included so that the guard can name them. */
export const fileModes = ['100644', '100755', '120000', '160000'] as const;

/** Files of one change, whatever the policy allows. */
export const maxEntries = 100_000;

/** @internal for its tests */
export const changeEntry = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('put'),
    path: z.string().min(1).max(4096),
    mode: z.enum(fileModes),
    /** Git's blob id (SHA-1 over `blob <bytes>\0` and the content), 40 hex. */
    blobSha: z.string().regex(/^[0-9a-f]{40}$/),
    /** Length of the content in bytes. */
    bytes: z.int().nonnegative(),
  }),
  z.strictObject({ op: z.literal('delete'), path: z.string().min(1).max(4096) }),
]);

/**
 * The change that a sandbox returns: how the tree differs from `base`. A rename is a delete and a put. The contents are
 * stored beside the manifest as one byte string: the blobs of the `put` entries, in the order of the entries; a
 * submodule has no blob.
 */
export const changeManifest = z.strictObject({
  base: z.string().regex(/^[0-9a-f]{40}$/),
  entries: list(changeEntry, maxEntries),
});

export type ChangeEntry = z.infer<typeof changeEntry>;
export type ChangeManifest = z.infer<typeof changeManifest>;

/** A manifest with its contents. */
export interface ChangeSet {
  manifest: ChangeManifest;
  /** Concatenated blobs, see {@link changeManifest}. */
  blobs: Uint8Array;
}

/** The content of each `put` entry by path, without submodules. The values are views into `blobs`, not copies. */
export function blobsByPath(change: ChangeSet): Map<string, Uint8Array> {
  const map = new Map<string, Uint8Array>();
  let offset = 0;
  for (const entry of change.manifest.entries) {
    if (entry.op !== 'put' || entry.mode === '160000') continue;
    map.set(entry.path, change.blobs.subarray(offset, offset + entry.bytes));
    offset += entry.bytes;
  }
  return map;
}
