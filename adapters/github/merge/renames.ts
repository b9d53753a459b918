import type { Job, Thread } from '../../../core/ports/runtime/thread.ts';
import { isBinary, linesOf } from '../repository/objects.ts';
import type { Tree, TreeEntry } from '../repository/tree.ts';

interface Reading {
  read(sha: string): Promise<Uint8Array>;
  thread: Thread;
}
interface File {
  path: string;
  entry: TreeEntry;
}

/** Minimum similarity for a rename: the shared part of the larger file's bytes. Git's default. */
const minAlike = 0.5;
/** Minimum similarity if the two files are the only ones of their name; git compares these first. */
const minAlikeByName = 0.75;
/** Maximum number of files to read. Beyond it a file counts as deleted, which a person resolves as a conflict. */
const maxRead = 100;

/**
 * The renames of one side: old path → new path. A rename without a content change is found by blob id. For other files,
 * only the paths in `wanted` are searched: first the only file with the same name, then the most similar file. A file
 * that still exists was not renamed, and a path that existed before is never the target of a rename.
 */
export async function findRenames(
  before: Tree,
  after: Tree,
  wanted: Set<string>,
  contents: Reading,
): Promise<Map<string, string>> {
  const renames = new Map<string, string>();
  if (wanted.size === 0) return renames;
  const gone = filesOf(before).filter(({ path }) => !after.has(path));
  const added = filesOf(after).filter(({ path }) => !before.has(path));
  const taken = new Set<string>();
  const take = (from: File, to: File): void => {
    renames.set(from.path, to.path);
    taken.add(to.path);
  };
  sameContent(gone, added, take);
  const lost = gone.filter(({ path, entry }) => wanted.has(path) && !renames.has(path) && isFile(entry));
  const free = added.filter(({ path, entry }) => !taken.has(path) && isFile(entry));
  await alike(lost, free, contents, take);
  return new Map([...renames].filter(([from]) => wanted.has(from)));
}

function sameContent(gone: File[], added: File[], take: (from: File, to: File) => void): void {
  const bySha = new Map<string, File[]>();
  for (const file of gone) {
    const same = bySha.get(file.entry.blobSha);
    if (same) same.push(file);
    else bySha.set(file.entry.blobSha, [file]);
  }
  for (const to of added) {
    const left = bySha.get(to.entry.blobSha)?.filter(({ entry }) => kind(entry) === kind(to.entry)) ?? [];
    const from = left.find(({ path }) => nameOf(path) === nameOf(to.path)) ?? left[0];
    if (!from) continue;
    take(from, to);
    bySha.set(
      to.entry.blobSha,
      (bySha.get(to.entry.blobSha) ?? []).filter((file) => file !== from),
    );
  }
}

async function alike(
  lost: File[],
  free: File[],
  { read, thread }: Reading,
  take: (from: File, to: File) => void,
): Promise<void> {
  const [fromNames, toNames] = [counted(lost), counted(free)];
  const gone = new Set<File>();
  let reads = 0;
  const seen = new Set<string>();
  const likeness = async (from: File, to: File): Promise<number> => {
    if (!mayBeAlike(from, to)) return 0;
    if (!seen.has(to.entry.blobSha)) {
      if (reads >= maxRead) return 0;
      reads++;
      seen.add(to.entry.blobSha);
    }
    const [a, b] = await Promise.all([read(from.entry.blobSha), read(to.entry.blobSha)]);
    return thread.run(similarityJob, { a, b });
  };
  for (const from of lost) {
    const name = nameOf(from.path);
    const to = free.find(({ path }) => nameOf(path) === name);
    if (!to || fromNames.get(name) !== 1 || toNames.get(name) !== 1) continue;
    if ((await likeness(from, to)) < minAlikeByName) continue;
    take(from, to);
    gone.add(from).add(to);
  }
  const pairs: { from: File; to: File; score: number; byName: number }[] = [];
  for (const from of lost.filter((file) => !gone.has(file))) {
    const candidates = free.filter((file) => !gone.has(file) && mayBeAlike(from, file));
    for (const to of candidates.sort((a, b) => likelihood(from, b) - likelihood(from, a))) {
      const score = await likeness(from, to);
      const byName = Number(nameOf(from.path) === nameOf(to.path));
      if (score >= minAlike) pairs.push({ from, to, score, byName });
    }
  }
  for (const { from, to } of pairs.sort((a, b) => b.score - a.score || b.byName - a.byName)) {
    if (gone.has(from) || gone.has(to)) continue;
    take(from, to);
    gone.add(from).add(to);
  }
}

/**
 * The part of the larger file's bytes that both files have, compared by line regardless of order (0 to 1). Long lines
 * are compared in pieces of 64 bytes, and in text files both kinds of line ends are equal.
 * @internal for its tests
 */
export function similarity(a: Uint8Array, b: Uint8Array): number {
  const larger = Math.max(a.length, b.length);
  if (larger === 0 || Math.min(a.length, b.length) / larger < minAlike) return 0;
  const counts = spans(a);
  let common = 0;
  for (const [span, bytes] of spans(b)) common += Math.min(bytes, counts.get(span) ?? 0);
  return common / larger;
}

export const similarityJob: Job<{ a: Uint8Array; b: Uint8Array }, number> = {
  name: 'search for renamed files',
  run: ({ a, b }) => similarity(a, b),
};

function spans(bytes: Uint8Array): Map<string, number> {
  const found = new Map<string, number>();
  const text = !isBinary(bytes);
  for (const line of linesOf(bytes)) {
    const same = text ? line.replace(/\r\n$/, '\n') : line;
    for (let i = 0; i < same.length; i += 64) {
      const span = same.slice(i, i + 64);
      found.set(span, (found.get(span) ?? 0) + span.length);
    }
  }
  return found;
}

/** Compares sizes only, if the host reports them, so that no content is read. */
function mayBeAlike({ entry: a }: File, { entry: b }: File): boolean {
  if (a.bytes === undefined || b.bytes === undefined) return true;
  return Math.min(a.bytes, b.bytes) >= minAlike * Math.max(a.bytes, b.bytes);
}

/** Order for reading candidates: the same name first, then the same extension, then the closest size. */
function likelihood(from: File, to: File): number {
  const ending = (path: string): string => /\.[^./]*$/.exec(path)?.[0] ?? '';
  const near = 1 / (1 + Math.abs((from.entry.bytes ?? 0) - (to.entry.bytes ?? 0)));
  return 4 * Number(nameOf(from.path) === nameOf(to.path)) + 2 * Number(ending(from.path) === ending(to.path)) + near;
}

/** Git's id of the empty blob. Empty files are all equal, so they do not show renames. */
const emptyBlob = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391';
const filesOf = (tree: Tree): File[] =>
  [...tree]
    .filter(([, { blobSha }]) => blobSha !== emptyBlob)
    .map(([path, entry]) => ({ path, entry }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
/** Regular file, link or submodule: the mode without its permissions. */
export const kind = ({ mode }: TreeEntry): string => mode.slice(0, 2);
const isFile = (entry: TreeEntry): boolean => kind(entry) === '10';

function counted(files: File[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { path } of files) counts.set(nameOf(path), (counts.get(nameOf(path)) ?? 0) + 1);
  return counts;
}
