import type { ChangeManifest } from '../run/change-set.ts';

/** Whether a file is as an agent drafted it: nobody changed or moved it, and it is no other file of the same pull request. */
export const isDrafted = (drafted: ChangeManifest, { path, blob }: { path: string; blob: string }): boolean =>
  drafted.entries.some((entry) => entry.op === 'put' && entry.path === path && entry.blobSha === blob);
