import { posix } from 'node:path';
import type { CodeHost } from '../../core/ports/host/code-host.ts';

/** A spec in a commit. */
export interface SpecFile {
  path: string;
  /** Git blob id. */
  blob: string;
}

const folder = '.agent-tasks/';
const extension = /\.(?:ya?ml|md)$/i;
/** Documents in the folder that are not specs. */
const notes = /^(?:readme|contributing|changelog)\.md$/i;

/**
 * The specs of a commit, sorted by path: regular files under `.agent-tasks/`. Read from the tree, because a host
 * truncates and reorders the commit list of a push.
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
