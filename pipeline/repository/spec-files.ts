import { posix } from 'node:path';
import type { CodeHost } from '../../core/ports/host/code-host.ts';

/** A spec as it lies in a commit. */
export interface SpecFile {
  path: string;
  /** Git blob id. */
  blob: string;
}

const folder = '.agent-tasks/';
const extension = /\.(?:ya?ml|md)$/i;
/** Kept beside the specs, and none. */
const notes = /^(?:readme|contributing|changelog)\.md$/i;

/**
 * The specs of a commit, by path: regular files under `.agent-tasks/`. The tree is the truth: no list of commits, which a
 * host cuts and reorders, is looked at.
 */
export async function specsAt(host: CodeHost, location: string, commit: string): Promise<SpecFile[]> {
  const tree = await host.listTree(location, commit);
  return [...tree]
    .filter(([path, entry]) => isSpec(path) && (entry.mode === '100644' || entry.mode === '100755'))
    .map(([path, entry]) => ({ path, blob: entry.blobSha }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

const isSpec = (path: string): boolean =>
  path.startsWith(folder) && extension.test(path) && !notes.test(posix.basename(path));
