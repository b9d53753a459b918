import { joined, ownEntries } from '../../core/campaign/resolve.ts';
import type { CodeHost } from '../../core/ports/host/code-host.ts';
import { blobsByPath, type ChangeEntry, type ChangeSet } from '../../core/run/change-set.ts';

type Tree = Awaited<ReturnType<CodeHost['listTree']>>;

interface Since {
  change: ChangeSet;
  tree: Tree;
  /** Contents before the change. @throws LimitExceeded. */
  contents(paths: string[], maxBytes: number): Promise<Map<string, Uint8Array>>;
}

/**
 * What a part changed itself, and the tree that it started from: the base with what it was given. Without that, the whole
 * change and the base.
 */
export async function sinceGiven(
  { host, location, commit }: { host: CodeHost; location: string; commit: string },
  whole: ChangeSet,
  given: ChangeSet | undefined,
): Promise<Since> {
  const base = await host.listTree(location, commit);
  if (!given)
    return { change: whole, tree: base, contents: (paths, max) => host.readFiles(location, commit, paths, max) };
  const before = blobsByPath(given);
  const tree = withEntries(base, given.manifest.entries);
  const { entries, undone } = ownEntries(whole, given);
  const restored = await host.readFiles(
    location,
    commit,
    undone.filter((path) => base.has(path)),
    maxRestored,
  );
  const own = [...entries, ...undone.map((path) => asInBase(base, path, restored.get(path)))];
  const after = blobsByPath(whole);
  return {
    change: {
      manifest: { base: commit, entries: own },
      blobs: joined(
        own.flatMap((entry) => (entry.op === 'put' ? (after.get(entry.path) ?? restored.get(entry.path) ?? []) : [])),
      ),
    },
    tree,
    async contents(paths, max) {
      const atBase = paths.filter((path) => !before.has(path));
      const found = await host.readFiles(location, commit, atBase, max);
      for (const path of paths) {
        const bytes = before.get(path);
        if (bytes) found.set(path, bytes);
      }
      return found;
    },
  };
}

/** Bytes of files that a part puts back as they were at the base. */
const maxRestored = 32 * 1024 * 1024;

function withEntries(base: Tree, entries: readonly ChangeEntry[]): Tree {
  const tree: Tree = new Map(base);
  for (const entry of entries) {
    if (entry.op === 'delete') tree.delete(entry.path);
    else tree.set(entry.path, { mode: entry.mode, blobSha: entry.blobSha, bytes: entry.bytes });
  }
  return tree;
}

/** The entry that puts a path back as it is at the base. */
function asInBase(base: Tree, path: string, bytes: Uint8Array | undefined): ChangeEntry {
  const entry = base.get(path);
  if (!entry) return { op: 'delete', path };
  const mode = entry.mode as '100644';
  return { op: 'put', path, mode, blobSha: entry.blobSha, bytes: bytes?.length ?? 0 };
}
