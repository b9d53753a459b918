import type { MergeRequest, MergeResult } from '../../../core/ports/host/code-host.ts';
import type { Thread } from '../../../core/ports/runtime/thread.ts';
import { blobsByPath, type ChangeEntry, type ChangeSet, fileModes } from '../../../core/run/change-set.ts';
import { limitConcurrency, type Objects } from '../repository/objects.ts';
import type { Tree, TreeEntry } from '../repository/tree.ts';
import { type Contents, type MergedFile, mergeFile, same } from './merge-file.ts';
import { type Trees, versionsOf } from './merge-renames.ts';

type Side = 'target' | 'change';

/**
 * Three-way merge of base plus change onto a moved target, as `git merge-tree` does it, but without git. It needs the
 * two trees and the contents of the files that both sides changed. The merge base is always the change's base, even if
 * the target's history was rewritten. Renames on both sides are followed.
 *
 * Differences from git (counted by test/github/contract/merge.test.ts):
 * - Where lines repeat, a change can be aligned in several ways. In 1000 random merges of texts with two distinct
 *   lines, only git found a conflict in 10, only this merge in 7, and 22 results differed; with twelve distinct lines
 *   4, 1 and 10; with lines that hardly repeat 0, 0 and 1.
 * - If two equal files were deleted, either may count as the renamed one (1 of 2000 merges of small trees).
 * - A file added to a folder that the other side renamed stays in the old folder; git reports a conflict.
 * - At most 100 new files are read to find a renamed file whose content changed.
 */
export async function mergeOnto(
  thread: Thread,
  objects: Objects,
  change: ChangeSet,
  onto: string,
): Promise<MergeResult> {
  const [base, target] = await Promise.all([objects.tree(change.manifest.base), objects.tree(onto)]);
  const known = new Map<string, Promise<Uint8Array>>();
  const wanted = withChange(base, change, known);
  const merge = new Merge({ base, target, change: wanted }, contentsOf(thread, objects, known));
  await merge.files(change.manifest.entries.map(({ path }) => path));
  merge.makeRoom();
  return { change: await merge.toChange(onto, target), conflicts: [...merge.conflicts].sort() };
}

/** Three-way merge of two changes of the same commit, see {@link mergeOnto}. */
export async function mergeChanges(
  thread: Thread,
  objects: Objects,
  { base, ancestor, ours, theirs, labels }: MergeRequest,
): Promise<MergeResult> {
  const commit = await objects.tree(base);
  const known = new Map<string, Promise<Uint8Array>>();
  const treeOf = (change: ChangeSet | undefined): Tree => (change ? withChange(commit, change, known) : commit);
  const trees = { base: treeOf(ancestor), target: treeOf(ours), change: treeOf(theirs) };
  const markers = { target: labels.ours, change: labels.theirs, size: 7 };
  const merge = new Merge(trees, { ...contentsOf(thread, objects, known), markers });
  await merge.files([...pathsOf(theirs), ...pathsOf(ancestor)]);
  merge.makeRoom();
  return { change: await merge.toChange(base, commit, pathsOf(ours)), conflicts: [...merge.conflicts].sort() };
}

const pathsOf = (change: ChangeSet | undefined): string[] => change?.manifest.entries.map(({ path }) => path) ?? [];

function contentsOf(thread: Thread, objects: Objects, known: Map<string, Promise<Uint8Array>>): Contents {
  const fromHost = limitConcurrency(objects.blob);
  return {
    thread,
    read(sha) {
      const found = known.get(sha) ?? fromHost(sha);
      known.set(sha, found);
      return found;
    },
    add: (sha, bytes) => known.set(sha, Promise.resolve(bytes)),
  };
}

/** The tree of base plus change. Adds the contents of the change to `known`, by blob id. */
function withChange(base: Tree, change: ChangeSet, known: Map<string, Promise<Uint8Array>>): Tree {
  const wanted: Tree = new Map(base);
  const contents = blobsByPath(change);
  for (const entry of change.manifest.entries) {
    if (entry.op === 'delete') wanted.delete(entry.path);
    else wanted.set(entry.path, { mode: entry.mode, blobSha: entry.blobSha, bytes: entry.bytes });
    const content = contents.get(entry.path);
    if (entry.op === 'put' && content) known.set(entry.blobSha, Promise.resolve(content));
  }
  return wanted;
}

/** The state of one merge: the result for each path that differs from the target. */
class Merge {
  readonly conflicts = new Set<string>();
  readonly #result = new Map<string, TreeEntry | undefined>();
  readonly #trees: Trees;
  readonly #contents: Contents;

  constructor(trees: Trees, contents: Contents) {
    this.#trees = trees;
    this.#contents = contents;
  }

  /** @param paths The paths that the change names; no other path can differ from the target. */
  async files(paths: string[]): Promise<void> {
    const { base, change } = this.#trees;
    const touched = [...new Set(paths)].filter((path) => !same(base.get(path), change.get(path)));
    const { versions, disputed } = await versionsOf(this.#trees, touched, this.#contents);
    for (const [path, each] of versions) this.#keep(path, await mergeFile(each, this.#contents));
    for (const path of disputed) this.conflicts.add(path);
  }

  #keep(path: string, merged: MergedFile): void {
    this.#result.set(path, merged.entry);
    if (merged.conflict) this.conflicts.add(path);
    if (!merged.aside) return;
    const beside = this.#free(path, merged.aside.side);
    this.#result.set(beside, merged.aside.entry);
    this.conflicts.add(beside);
  }

  /** A file whose path is now a folder gets another name, which is a conflict. */
  makeRoom(): void {
    const folders = new Set<string>();
    const files = new Set([...this.#trees.target.keys(), ...this.#result.keys()]);
    for (const path of files) {
      if (!this.#now(path)) continue;
      for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
        const folder = path.slice(0, at);
        if (folders.has(folder)) break;
        folders.add(folder);
      }
    }
    for (const path of files) {
      const entry = this.#now(path);
      if (!folders.has(path)) continue;
      this.conflicts.delete(path);
      if (!entry) continue;
      const beside = this.#free(path, same(entry, this.#trees.target.get(path)) ? 'target' : 'change');
      this.#result.set(path, undefined).set(beside, entry);
      this.conflicts.add(beside);
    }
  }

  /**
   * The change from a tree to the merged one.
   * @param others Paths in which the target differs from that tree.
   */
  async toChange(onto: string, from: Tree, others: string[] = []): Promise<ChangeSet> {
    const entries: ChangeEntry[] = [];
    const blobs: Uint8Array[] = [];
    for (const path of [...new Set([...this.#result.keys(), ...others])].sort()) {
      const entry = this.#now(path);
      if (same(entry, from.get(path))) continue;
      if (!entry) {
        entries.push({ op: 'delete', path });
        continue;
      }
      const mode = fileModes.find((known) => known === entry.mode);
      if (!mode) throw new Error(`${entry.mode} is not a git file mode`);
      const bytes = mode === '160000' ? new Uint8Array() : await this.#contents.read(entry.blobSha);
      entries.push({ op: 'put', path, mode, blobSha: entry.blobSha, bytes: bytes.length });
      blobs.push(bytes);
    }
    return { manifest: { base: onto, entries }, blobs: new Uint8Array(Buffer.concat(blobs)) };
  }

  #now(path: string): TreeEntry | undefined {
    return this.#result.has(path) ? this.#result.get(path) : this.#trees.target.get(path);
  }

  /** An unused name that shows the side of the version. */
  #free(path: string, side: Side): string {
    let name = `${path}~${side}`;
    for (let i = 0; this.#now(name); i++) name = `${path}~${side}_${i}`;
    return name;
  }
}
