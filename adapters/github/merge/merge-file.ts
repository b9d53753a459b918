import type { Thread } from '../../../core/ports/runtime/thread.ts';
import { gitBlobSha } from '../../../core/task-spec/fingerprint.ts';
import { isBinary } from '../repository/objects.ts';
import type { TreeEntry } from '../repository/tree.ts';
import { type Markers, mergeJob } from './merge-text.ts';
import { kind } from './renames.ts';

/** One file in the three trees; a version is absent if its tree does not contain the file. */
export interface Versions {
  base?: TreeEntry | undefined;
  target?: TreeEntry | undefined;
  change?: TreeEntry | undefined;
  /** For conflict markers, if the file has different names on the two sides. */
  markers?: Markers;
}
export interface MergedFile {
  /** Absent: the file is deleted. */
  entry?: TreeEntry | undefined;
  /** Set if the two sides are of different kinds (a link and a file): the version that cannot keep the path. */
  aside?: { side: 'target' | 'change'; entry: TreeEntry };
  conflict: boolean;
}
/** File contents by blob id. A merge adds the contents that it creates. */
export interface Contents {
  read(sha: string): Promise<Uint8Array>;
  add(sha: string, bytes: Uint8Array): void;
  /** Where texts are merged. */
  thread: Thread;
  /** Names of the sides in conflict markers; those of a moved target if absent. */
  markers?: Markers;
}

const plainMarkers: Markers = { target: 'target', change: 'change', size: 7 };

export const same = (a: TreeEntry | undefined, b: TreeEntry | undefined): boolean =>
  a?.mode === b?.mode && a?.blobSha === b?.blobSha;

/**
 * Three-way merge of one file, as git does it: a version that one side did not change is replaced by the other side's.
 * A file that is deleted on one side and changed on the other is a conflict, which keeps the changed version. Binaries,
 * links and submodules that both sides changed keep the target's version and are a conflict. Contents are read only for
 * files that both sides changed.
 */
export async function mergeFile(versions: Versions, contents: Contents): Promise<MergedFile> {
  const { base, target, change } = versions;
  if (same(target, change) || same(base, change)) return { entry: target, conflict: false };
  if (same(base, target)) return { entry: change, conflict: false };
  if (!target || !change) return { entry: target ?? change, conflict: true };
  if (kind(target) !== kind(change)) return ofTwoKinds(target, change);
  const origin = base && kind(base) === kind(target) ? base : undefined;
  const mode = oneOf(origin?.mode, target.mode, change.mode);
  const content = await mergeContent(
    origin?.blobSha,
    target,
    change.blobSha,
    contents,
    versions.markers ?? contents.markers,
  );
  return {
    entry: { mode: mode ?? target.mode, blobSha: content.blobSha },
    conflict: content.conflict || mode === undefined,
  };
}

async function mergeContent(
  base: string | undefined,
  target: TreeEntry,
  change: string,
  contents: Contents,
  markers = plainMarkers,
) {
  const clean = oneOf(base, target.blobSha, change);
  if (clean !== undefined) return { blobSha: clean, conflict: false };
  const theirs = { blobSha: target.blobSha, conflict: true };
  if (kind(target) !== '10') return theirs;
  const versions = [base, target.blobSha, change].map((sha) =>
    sha === undefined ? new Uint8Array() : contents.read(sha),
  );
  const bytes = await Promise.all(versions);
  if (bytes.some(isBinary)) return theirs;
  const [from, into, ours] = bytes as [Uint8Array, Uint8Array, Uint8Array];
  const { bytes: merged, conflict } = await contents.thread.run(mergeJob, {
    base: from,
    target: into,
    change: ours,
    markers,
  });
  const blobSha = gitBlobSha(merged);
  contents.add(blobSha, merged);
  return { blobSha, conflict };
}

/** The merged value; `undefined` if both sides changed it differently. */
function oneOf(base: string | undefined, target: string, change: string): string | undefined {
  if (target === change || base === change) return target;
  return base === target ? change : undefined;
}

/** A link or a submodule keeps the path, and the file gets another name. */
function ofTwoKinds(target: TreeEntry, change: TreeEntry): MergedFile {
  return kind(target) === '10'
    ? { entry: change, aside: { side: 'target', entry: target }, conflict: true }
    : { entry: target, aside: { side: 'change', entry: change }, conflict: true };
}
