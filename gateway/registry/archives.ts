import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { defined } from '../../core/defined.ts';

/** An archive as a file of this machine. */
interface StoredArchive {
  file: string;
  /** Called when the file was read. */
  release(): Promise<void>;
}

/**
 * Storage for package archives between phases. It need not be trusted: every archive is verified with the checksums of
 * the base's lock file. No method throws.
 */
export interface ArchiveStore {
  /** Folder for archives that are still coming. */
  readonly incoming: string;
  /** @param key Hex digits. */
  get(key: string): Promise<StoredArchive | undefined>;
  /** Stores a complete file, and may move it. */
  put(key: string, file: string): Promise<void>;
}

export interface Archives {
  store: ArchiveStore;
  /** SHA-256 or SHA-512 in hex of the archives that the lock files name, by {@link archiveKeys}. */
  checksums: ReadonlyMap<string, readonly string[]>;
}

/** Larger archives are forwarded but not stored. */
const maxArchive = 512 * 1024 * 1024;

/** What identifies an archive of a lock file, and the checksums of which it has one. */
export interface LockedArchive {
  key: string;
  checksums: readonly string[];
}

/** Names under which lock files list the archive at a path of a mirror. */
function archiveKeys(part: string, path: string): string[] {
  const plain = part === 'npm' ? decodeURIComponent(path) : path;
  if (!part.startsWith('pypi')) return [`${part}/${plain}`];
  const file = path.slice(path.lastIndexOf('/') + 1);
  // `name-1.0-py3-none-any.whl`, `name-1.0.tar.gz`: requirements name project and version only.
  const [, name = '', version = ''] = /^(.{1,200}?)-(\d[^-]{0,100}?)(?:-.*\.whl|\.tar\.gz|\.zip)$/.exec(file) ?? [];
  return [`pypi/${file}`, `pypi/${name.replace(/[-_.]+/g, '-').toLowerCase()}==${version}`];
}

/** The archive at a path of a mirror, if the lock files name it. */
export function lockedArchive({ checksums }: Archives, part: string, path: string): LockedArchive | undefined {
  const keys = archiveKeys(part, path);
  const found = keys.map((key) => checksums.get(key)).find((list) => list !== undefined);
  const [first, ...others] = found ?? [];
  if (found === undefined || first === undefined) return undefined;
  // Of several files of one project and version, each is kept under its name.
  const key =
    others.length === 0
      ? first
      : createHash('sha256')
          .update(keys[0] ?? '')
          .digest('hex');
  return { key, checksums: found };
}

const algorithms: Record<number, string> = { 64: 'sha256', 128: 'sha512' };

/** Digests of what is given to it, compared with checksums at the end. */
function comparer({ checksums }: LockedArchive): { update(chunk: Uint8Array): void; matches(): boolean } {
  const lengths = [...new Set(checksums.map(({ length }) => length))];
  const hashes = lengths.flatMap((length) => algorithms[length] ?? []).map((name) => createHash(name));
  return {
    update(chunk) {
      for (const hash of hashes) hash.update(chunk);
    },
    matches: () => hashes.some((hash) => checksums.includes(hash.digest('hex'))),
  };
}

/** Archives of this size are read once, and sent from memory; few requests are worked on at a time. */
const maxInMemory = 1024 * 1024;

/** A stored archive that has one of the checksums. */
interface KeptArchive extends StoredArchive {
  bytes: number;
  /** What was compared; of a large archive, only the file. */
  content?: Buffer;
}

/** The stored archive, if it has one of the checksums. */
export async function keptArchive({ store }: Archives, locked: LockedArchive): Promise<KeptArchive | undefined> {
  const found = await store.get(locked.key);
  if (found === undefined) return undefined;
  try {
    const compared = comparer(locked);
    const bytes = statSync(found.file).size;
    const content = bytes <= maxInMemory ? readFileSync(found.file) : undefined;
    if (content !== undefined) compared.update(content);
    else for await (const chunk of createReadStream(found.file)) compared.update(chunk as Buffer);
    if (compared.matches()) return { ...found, bytes: content?.length ?? bytes, ...defined({ content }) };
  } catch {
    // it is gone, and the registry has it
  }
  await found.release();
  return undefined;
}

/**
 * Stores an archive that flows through, if it has one of the checksums. A disk that is full keeps no archive, and the
 * phase goes on.
 */
export function keepingArchive({ store }: Archives, locked: LockedArchive): Transform {
  const compared = comparer(locked);
  const file = join(store.incoming, `.${randomUUID()}`);
  let bytes = 0;
  let handle: Promise<FileHandle | undefined> = mkdir(store.incoming, { recursive: true, mode: 0o700 })
    .then(() => open(file, 'wx', 0o600))
    .catch(() => undefined);
  const drop = async (): Promise<void> => {
    const opened = await handle;
    handle = Promise.resolve(undefined);
    await opened?.close().catch(() => undefined);
    if (opened !== undefined) await rm(file, { force: true }).catch(() => undefined);
  };
  const finish = async (): Promise<void> => {
    const opened = await handle;
    if (opened === undefined || !compared.matches()) return drop();
    await opened.close();
    await store.put(locked.key, file);
    await rm(file, { force: true });
  };
  let isComplete = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      compared.update(chunk);
      const written = async (): Promise<void> => {
        if (bytes > maxArchive) await drop();
        else await (await handle)?.appendFile(chunk);
      };
      written()
        .catch(drop)
        .then(
          () => done(null, chunk),
          (error: Error) => done(error),
        );
    },
    flush(done) {
      isComplete = true;
      // Whoever asked does not wait until it is stored.
      void finish().catch(drop);
      done();
    },
    destroy(error, done) {
      if (!isComplete) void drop();
      done(error);
    },
  });
}
