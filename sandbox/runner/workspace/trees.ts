import { DrydockError } from '../../../core/errors.ts';
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

/** Bytes of blobs that are read at once; a larger one is read alone. */
const batchBytes = 32 * 1024 * 1024;

/** Contents of blobs, some at a time: all of them together may be as large as the repository. */
export async function* readBlobs(git: OwnGit, ids: Iterable<string>): AsyncGenerator<[id: string, content: Buffer]> {
  let batch: string[] = [];
  let bytes = 0;
  for (const [id, size] of await sizesOf(git, [...new Set(ids)])) {
    if (batch.length > 0 && bytes + size > batchBytes) {
      yield* await readBatch(git, batch);
      [batch, bytes] = [[], 0];
    }
    batch.push(id);
    bytes += size;
  }
  if (batch.length > 0) yield* await readBatch(git, batch);
}

async function sizesOf(git: OwnGit, ids: readonly string[]): Promise<[id: string, size: number][]> {
  if (ids.length === 0) return [];
  const input = Buffer.from(`${ids.join('\n')}\n`);
  const lines = (await git.run(['cat-file', '--batch-check=%(objectname) %(objectsize)'], { input })).toString();
  return lines
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [id = '', size] = line.split(' ');
      if (!/^\d+$/.test(size ?? '')) throw new DrydockError('Internal', `the runner's repository has no blob ${id}`);
      return [id, Number(size)];
    });
}

async function readBatch(git: OwnGit, ids: readonly string[]): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  const output = await git.run(['cat-file', '--batch'], { input: Buffer.from(`${ids.join('\n')}\n`) });
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
