import { DrydockError } from '../../../core/errors.ts';
import { mostOf, type Sized } from '../../../core/guard/largest.ts';
import { type ChangeManifest, changeManifest, maxEntries } from '../../../core/run/change-set.ts';
import type { OwnGit } from './git.ts';
import { type Difference, differences, type Entry, type Files, readTree, type Tree, writeTree } from './trees.ts';

/** A change whose contents are read when they are needed: together they may be larger than the runner should be. */
export interface Change {
  manifest: ChangeManifest;
  /** The files with contents, in the order of the manifest. */
  files: readonly { path: string; name: string; entry: Entry; bytes: number }[];
  /** @throws ResultInvalid if the file is no longer as it was recorded. */
  read(file: { path: string; entry: Entry }): Promise<Buffer>;
}

/** Content of a changed path with its entry; undefined if it exceeds the limit. */
type Read = (path: string, entry: Entry) => Promise<Buffer | undefined>;

/**
 * The change from the base commit to `files`.
 * @throws LimitExceeded for too many files, before any is read, or if the contents exceed `maxBytes`; ResultInvalid for a path that is not text.
 */
export async function changeOf(
  base: { commit: string; files: Files },
  files: Files,
  maxBytes: number,
  read: Read,
): Promise<Change> {
  const entries: unknown[] = [];
  const found: Change['files'][number][] = [];
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
    const bytes = entry.mode === submodule ? 0 : (await read(path, entry))?.length;
    total += bytes ?? 0;
    if (bytes === undefined || total > maxBytes) throw tooLarge(maxBytes, name, [...found, { name, bytes }]);
    entries.push({ op: 'put', path: name, mode: entry.mode, blobSha: entry.sha, bytes });
    if (entry.mode !== submodule) found.push({ path, name, entry, bytes });
  }
  const manifest = changeManifest.safeParse({ base: base.commit, entries });
  if (!manifest.success)
    throw new DrydockError('LimitExceeded', `the change set is invalid: ${manifest.error.issues[0]?.message}`);
  return {
    manifest: manifest.data,
    files: found,
    async read({ path, entry }) {
      const content = await read(path, entry);
      if (content === undefined) throw new DrydockError('ResultInvalid', `${shownPath(path)} became larger`);
      return content;
    },
  };
}

const submodule = '160000';

function tooLarge(maxBytes: number, name: string, files: readonly { name: string; bytes: number | undefined }[]) {
  const sizes: Sized[] = files.map((file) => ({ path: file.name, size: file.bytes ?? maxBytes }));
  return new DrydockError(
    'LimitExceeded',
    `the change set exceeds ${maxBytes} bytes at ${name}${mostOf(sizes, 'bytes')}`,
  );
}

/** The contents of a change as they are stored beside its manifest, one file in memory at a time. */
export async function* contentsOf(change: Change): AsyncGenerator<Buffer> {
  for (const file of change.files) if (file.bytes > 0) yield await change.read(file);
}

/**
 * Writes the tree of a change set.
 * @param contents The contents of its files, as they come.
 * @throws ResultInvalid if a path is invalid or a blob has another id.
 */
export async function treeOfChange(
  git: OwnGit,
  base: Tree,
  manifestJson: Buffer,
  contents: AsyncIterable<Buffer>,
): Promise<Tree> {
  const manifest = changeManifest.parse(JSON.parse(manifestJson.toString('utf8')));
  const changes: Difference[] = [];
  const read = reader(contents);
  try {
    for (const entry of manifest.entries) {
      const invalid = entry.path.split('/').some((part) => ['', '.', '..', '.git'].includes(part.toLowerCase()));
      if (invalid || entry.path.includes('\0'))
        throw new DrydockError(
          'ResultInvalid',
          `the change set contains the invalid path ${JSON.stringify(entry.path)}`,
        );
      if (entry.op === 'put' && entry.mode !== submodule) {
        const content = await read.next(entry.bytes);
        if (content === undefined || git.writeBlob(content) !== entry.blobSha)
          throw new DrydockError('ResultInvalid', `${entry.path} does not match its blob id`);
      }
      const path = Buffer.from(entry.path).toString('latin1');
      changes.push({ path, entry: entry.op === 'delete' ? null : { mode: entry.mode, sha: entry.blobSha } });
    }
  } finally {
    await read.end();
  }
  return changes.length === 0 ? base : readTree(git, await writeTree(git, base, changes));
}

/** Reads a stream in pieces of given lengths. */
function reader(stream: AsyncIterable<Buffer>): { next(bytes: number): Promise<Buffer | undefined>; end(): unknown } {
  const chunks = stream[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  return {
    /** Undefined if the stream ends before. */
    async next(bytes) {
      const parts = [rest];
      for (let length = rest.length; length < bytes; ) {
        const { value, done } = await chunks.next();
        if (done === true) return undefined;
        parts.push(value);
        length += value.length;
      }
      // Most files are smaller than a chunk, which is not copied then.
      const all = parts.length === 1 ? rest : Buffer.concat(parts);
      rest = all.subarray(bytes);
      return all.subarray(0, bytes);
    },
    end: () => chunks.return?.(),
  };
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
