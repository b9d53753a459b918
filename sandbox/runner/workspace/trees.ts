import { DrydockError } from '../../../core/errors.ts';
import { mostOf, type Sized } from '../../../core/guard/largest.ts';
import { blobsByPath, type ChangeSet, changeManifest, maxEntries } from '../../../core/run/change-set.ts';
import type { OwnGit } from './git.ts';

export interface Entry {
  /** Git's mode: 100644, 100755, 120000 or 160000. */
  mode: string;
  /** Git's object id: 40 hex digits. */
  sha: string;
}

/**
 * The files of a tree by path. A path is a string of its bytes (latin1), because git allows any bytes in a path, and two
 * paths must not become one by decoding.
 */
export type Files = ReadonlyMap<string, Entry>;

/** A tree of the runner's own repository. */
export interface Tree {
  id: string;
  files: Files;
}

/** Lists the files of a tree. */
export async function readTree(git: OwnGit, id: string): Promise<Tree> {
  const files = new Map<string, Entry>();
  for (const line of (await git.run(['ls-tree', '-r', '-z', id])).toString('latin1').split('\0')) {
    // `<mode> <kind> <id>\t<path>`
    const tab = line.indexOf('\t');
    const [mode, , sha] = line.slice(0, tab).split(' ');
    if (mode !== undefined && sha !== undefined) files.set(line.slice(tab + 1), { mode, sha });
  }
  return { id, files };
}

/** Contents of blobs, from one process. */
export async function readBlobs(git: OwnGit, ids: Iterable<string>): Promise<Map<string, Buffer>> {
  const wanted = [...new Set(ids)];
  const found = new Map<string, Buffer>();
  if (wanted.length === 0) return found;
  const output = await git.run(['cat-file', '--batch'], { input: Buffer.from(`${wanted.join('\n')}\n`) });
  for (let at = 0; at < output.length; ) {
    // `<id> <kind> <bytes>`, a line feed, the content, a line feed
    const end = output.indexOf('\n', at);
    const [id = '', , bytes] = output.toString('latin1', at, end).split(' ');
    if (bytes === undefined) throw new DrydockError('Internal', `the runner's repository has no blob ${id}`);
    found.set(id, output.subarray(end + 1, end + 1 + Number(bytes)));
    at = end + 1 + Number(bytes) + 1;
  }
  return found;
}

/** Writes a tree with these differences from another one; the blobs are there already. */
export async function writeTree(git: OwnGit, from: Tree, changes: readonly Difference[]): Promise<string> {
  const index = 'tree.index';
  const lines = changes.map(({ path, entry }) =>
    entry === null ? `0 ${'0'.repeat(40)}\t${path}\0` : `${entry.mode} ${entry.sha}\t${path}\0`,
  );
  await git.run(['read-tree', from.id], { index });
  await git.run(['update-index', '-z', '--index-info'], { index, input: Buffer.from(lines.join(''), 'latin1') });
  return (await git.run(['write-tree', '--missing-ok'], { index })).toString().trim();
}

/** Writes the tree of a change set. @throws ResultInvalid if a path is invalid or a blob has another id. */
export async function treeOfChange(git: OwnGit, base: Tree, manifestJson: Buffer, blobs: Buffer): Promise<Tree> {
  const manifest = changeManifest.parse(JSON.parse(manifestJson.toString('utf8')));
  const contents = blobsByPath({ manifest, blobs });
  const changes: Difference[] = [];
  for (const entry of manifest.entries) {
    const invalid = entry.path.split('/').some((part) => ['', '.', '..', '.git'].includes(part.toLowerCase()));
    if (invalid || entry.path.includes('\0'))
      throw new DrydockError('ResultInvalid', `the change set contains the invalid path ${JSON.stringify(entry.path)}`);
    const content = contents.get(entry.path);
    if (content !== undefined && entry.op === 'put' && git.writeBlob(content) !== entry.blobSha)
      throw new DrydockError('ResultInvalid', `${entry.path} does not match its blob id`);
    const path = Buffer.from(entry.path).toString('latin1');
    changes.push({ path, entry: entry.op === 'delete' ? null : { mode: entry.mode, sha: entry.blobSha } });
  }
  return changes.length === 0 ? base : readTree(git, await writeTree(git, base, changes));
}

/** A path whose entry differs; null if it is gone. */
export interface Difference {
  path: string;
  entry: Entry | null;
}

export function differences(from: Files, to: Files): Difference[] {
  if (from === to) return [];
  const found: Difference[] = [];
  for (const [path, entry] of to) {
    const before = from.get(path);
    if (before?.sha !== entry.sha || before.mode !== entry.mode) found.push({ path, entry });
  }
  for (const path of from.keys()) if (!to.has(path)) found.push({ path, entry: null });
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * The files without the effects of preparation: a path that is still as install and setup left it is reset to its
 * earlier state, so that generated files are not part of the change unless something changed them again.
 */
export function withoutPreparation(trees: { start: Files; prepared: Files; end: Files }): Files {
  const { start, prepared, end } = trees;
  const files = new Map(end);
  for (const { path } of differences(start, prepared)) {
    const [was, left, now] = [start.get(path), prepared.get(path), end.get(path)];
    if (left?.sha !== now?.sha || left?.mode !== now?.mode) continue;
    if (was === undefined) files.delete(path);
    else files.set(path, was);
  }
  return files;
}

/**
 * The change from the base commit to `files`.
 * @param read Content of a changed path with its entry; undefined if it exceeds the limit.
 * @throws LimitExceeded for too many files, before any is read, or if the contents exceed `maxBytes`; ResultInvalid for a path that is not text.
 */
export async function changeSetOf(
  base: { commit: string; files: Files },
  files: Files,
  maxBytes: number,
  read: (path: string, entry: Entry) => Promise<Buffer | undefined>,
): Promise<ChangeSet> {
  const entries: unknown[] = [];
  const blobs: Buffer[] = [];
  const sizes: Sized[] = [];
  let total = 0;
  const changed = differences(base.files, files);
  if (changed.length > maxEntries)
    throw new DrydockError(
      'LimitExceeded',
      `${changed.length} files changed, more than ${maxEntries}${mostOf(
        changed.map(({ path }) => ({ path: shownPath(path), size: 1 })),
        'files',
      )}`,
    );
  for (const { path, entry } of changed) {
    const name = decoded(path);
    if (entry === null) {
      entries.push({ op: 'delete', path: name });
      continue;
    }
    const content = entry.mode === '160000' ? Buffer.alloc(0) : await read(path, entry);
    total += content?.length ?? 0;
    if (content === undefined || total > maxBytes)
      throw new DrydockError(
        'LimitExceeded',
        `the change set exceeds ${maxBytes} bytes at ${name}${mostOf([...sizes, { path: name, size: content?.length ?? maxBytes }], 'bytes')}`,
      );
    sizes.push({ path: name, size: content.length });
    entries.push({ op: 'put', path: name, mode: entry.mode, blobSha: entry.sha, bytes: content.length });
    blobs.push(content);
  }
  const manifest = changeManifest.safeParse({ base: base.commit, entries });
  if (!manifest.success)
    throw new DrydockError('LimitExceeded', `the change set is invalid: ${manifest.error.issues[0]?.message}`);
  return { manifest: manifest.data, blobs: Buffer.concat(blobs) };
}

/** A path for people. */
const shownPath = (path: string): string => Buffer.from(path, 'latin1').toString('utf8');

function decoded(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(path, 'latin1'));
  } catch {
    throw new DrydockError('ResultInvalid', 'a changed path is not valid UTF-8');
  }
}
