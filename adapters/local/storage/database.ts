import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { DrydockError } from '../../../core/errors.ts';

/** One SQLite file of this process. */
export interface Database {
  /** Reads return committed data only, unless they run within a write. */
  prepare(sql: string): StatementSync;
  /**
   * Runs the work in the transaction of this turn of the event loop, which is flushed to disk before the promise
   * resolves. Work that throws changes nothing, and its error is the result; other work of the turn is not affected.
   * @throws FileUnreadable if the file cannot be written or is closed.
   */
  write<T>(work: () => T): Promise<T>;
  readonly isOpen: boolean;
  /** Commits pending writes and releases the file. */
  close(): void;
}

interface DatabaseOptions {
  /** Creates and upgrades the tables. */
  schema(db: DatabaseSync): void;
  /** Completes `FILE is not a valid …` in errors. */
  what: string;
  /** Remedy for a file that is not valid. */
  remedy: string;
}

/** SQLITE_BUSY, https://www.sqlite.org/rescode.html#busy */
const sqliteBusy = 5;

/**
 * Opens a file with an exclusive lock. WAL with `synchronous=FULL` flushes the log at each commit, so that committed
 * data survives a power loss; all writes of one turn of the event loop share one flush.
 * @throws DataFolderBusy if another process holds the file; FileUnreadable if it is not valid.
 */
export function openDatabase(file: string, options: DatabaseOptions): Database {
  const db = open(file, options);
  let batch: { run(): void; reject(error: unknown): void; resolve(): void }[] = [];

  const commit = (): void => {
    const writes = batch;
    batch = [];
    if (writes.length === 0) return;
    try {
      db.exec('BEGIN IMMEDIATE');
      for (const { run } of writes) run();
      db.exec('COMMIT');
    } catch (error) {
      // After some errors SQLite has already rolled back.
      if (db.isTransaction) db.exec('ROLLBACK');
      const fault = new DrydockError('FileUnreadable', `${file} cannot be written: ${(error as Error).message}.`, {
        remedy: 'Check the free space and the permissions of its disk.',
        cause: error,
      });
      for (const { reject } of writes) reject(fault);
      return;
    }
    for (const { resolve } of writes) resolve();
  };

  return {
    prepare: (sql) => db.prepare(sql),
    write<T>(work: () => T): Promise<T> {
      if (!db.isOpen) return Promise.reject(new DrydockError('FileUnreadable', `${file} is closed.`));
      if (batch.length === 0) setImmediate(commit);
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      let settle: () => void = () => undefined;
      batch.push({
        run() {
          db.exec('SAVEPOINT work');
          try {
            const result = work();
            settle = () => resolve(result);
          } catch (error) {
            // An error of SQLite, such as a full disk, ends the batch; any other one undoes this work only.
            if (isSqliteError(error)) throw error;
            db.exec('ROLLBACK TO work');
            settle = () => reject(error);
          }
          db.exec('RELEASE work');
        },
        resolve: () => settle(),
        reject,
      });
      return promise;
    },
    get isOpen() {
      return db.isOpen;
    },
    close() {
      if (!db.isOpen) return;
      commit();
      db.close();
    },
  };
}

function open(file: string, { schema, what, remedy }: DatabaseOptions): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    makePrivate(file);
    db = new DatabaseSync(file);
    db.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL');
    schema(db);
    return db;
  } catch (error) {
    db?.close();
    throw unusable(error, file, { what, remedy });
  }
}

/** The named error of a file that SQLite cannot use; an error that has a name already stays as it is. */
export function unusable(
  error: unknown,
  file: string,
  { what, remedy }: Omit<DatabaseOptions, 'schema'>,
): DrydockError {
  if (error instanceof DrydockError) return error;
  if (isSqliteError(error) && error.errcode === sqliteBusy)
    return new DrydockError('DataFolderBusy', `${file} is in use by another process.`, { cause: error });
  const message = `${file} is not a valid ${what}: ${(error as Error).message}.`;
  return new DrydockError('FileUnreadable', message, { remedy, cause: error });
}

const isSqliteError = (error: unknown): error is Error & { errcode: number } =>
  error instanceof Error && 'errcode' in error;

/** SQLite gives the files beside a database the mode of the database, which it would create readable for everybody. */
function makePrivate(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
  if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
}
