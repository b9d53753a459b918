import { blobsByPath, type ChangeEntry, type ChangeManifest, type ChangeSet } from '../run/change-set.ts';

const decoder = new TextDecoder();

/** Whether a text holds a conflict as git marks it. */
export const hasConflict = (text: string): boolean => /^<{7} /m.test(text) && /^>{7} /m.test(text);

/** How the side of what is already merged is named in conflict markers. */
export const mergedLabel = 'merged';

/** A marker with the name of its side. Its length and what follows the name tell of renames. */
const marker = /^(<{7,8}|>{7,8}) ([a-z0-9-]{1,31})(?=[:\r\n]|$)/gm;

/** Whether one of the markers of a merge with a part is left. */
const holdsMarker = (text: string, part: string): boolean =>
  [...text.matchAll(marker)].some(([, sign, side]) => side === (sign?.startsWith('<') ? mergedLabel : part));

/**
 * Those of the paths whose conflict is not resolved: a marker is left, or the file is as the merge left it. Only the second
 * tells it of a file without markers, which is not text or was deleted by one side.
 * @param marked The merge with its markers. @param part Id of the part that was merged.
 */
export function unresolved(
  change: ChangeSet,
  paths: readonly string[],
  { marked, part }: { marked: ChangeManifest; part: string },
): string[] {
  const contents = blobsByPath(change);
  const now = new Map(change.manifest.entries.map((entry) => [entry.path, entry]));
  const left = new Map(marked.entries.map((entry) => [entry.path, entry]));
  return paths.filter((path) => {
    const entry = left.get(path);
    return (
      holdsMarker(decoder.decode(contents.get(path)), part) || (entry?.op === 'put' && sameEntry(entry, now.get(path)))
    );
  });
}

/** A change with the version of another one at some paths; where the other one says nothing, the base stays. */
export function takeSide(change: ChangeSet, paths: readonly string[], side: ChangeSet): ChangeSet {
  const taken = new Set(paths);
  const from = (set: ChangeSet, is: (path: string) => boolean) => {
    const contents = blobsByPath(set);
    return set.manifest.entries
      .filter(({ path }) => is(path))
      .map((entry) => ({ entry, bytes: contents.get(entry.path) }));
  };
  const all = [...from(change, (path) => !taken.has(path)), ...from(side, (path) => taken.has(path))].sort((a, b) =>
    a.entry.path < b.entry.path ? -1 : 1,
  );
  return {
    manifest: { base: change.manifest.base, entries: all.map(({ entry }) => entry) },
    blobs: joined(all.flatMap(({ bytes }) => bytes ?? [])),
  };
}

/** The entries of a change that were not given already, and those paths of `given` that the change puts back as in the base. */
export function ownEntries(change: ChangeSet, given: ChangeSet): { entries: ChangeEntry[]; undone: string[] } {
  const before = new Map(given.manifest.entries.map((entry) => [entry.path, entry]));
  const now = new Set(change.manifest.entries.map(({ path }) => path));
  return {
    entries: change.manifest.entries.filter((entry) => !sameEntry(entry, before.get(entry.path))),
    undone: [...before.keys()].filter((path) => !now.has(path)),
  };
}

function sameEntry(a: ChangeEntry, b: ChangeEntry | undefined): boolean {
  if (b?.op !== a.op) return false;
  return a.op === 'delete' || (b.op === 'put' && a.blobSha === b.blobSha && a.mode === b.mode);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
