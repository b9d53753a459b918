import { DatabaseSync } from 'node:sqlite';
import { DrydockError } from '../../../core/errors.ts';

/** A delivery as stored in the table; times in epoch milliseconds. */
export interface InboxRow {
  /** Order of arrival. */
  seq: number;
  id: string;
  /** The event as JSON. */
  event: string;
  receivedAt: number;
  attempts: number;
}

/** The result of a failed handler. `due`, in epoch milliseconds, is absent if the delivery is not retried. */
export interface Failure {
  attempts: number;
  error: string;
  due?: number;
}

/** SQLITE_BUSY, https://www.sqlite.org/rescode.html#busy */
const sqliteBusy = 5;

// Both indexes are partial and therefore small. The first covers the columns that select a delivery, so no event is
// read for that. An earlier version stored raw bodies in a table `deliveries`, which stays untouched.
const schema = `
  PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
  CREATE TABLE IF NOT EXISTS hostEvents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'aside')), attempts INTEGER NOT NULL DEFAULT 0,
    receivedAt INTEGER NOT NULL, due INTEGER NOT NULL, doneAt INTEGER, error TEXT, event TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS eventsWaiting ON hostEvents (seq, due) WHERE state = 'waiting';
  CREATE INDEX IF NOT EXISTS eventsDone ON hostEvents (doneAt) WHERE state = 'done';
`;

/**
 * The file of an inbox, locked exclusively. The writes of one turn of the event loop form one transaction, which is
 * flushed to disk before any of them resolves.
 * @throws DataFolderBusy if another process holds the file; FileUnreadable if it is not a valid inbox.
 */
export function openInboxTable(file: string) {
  const db = open(file);
  const insert = db.prepare(
    `INSERT INTO hostEvents (id, event, state, receivedAt, due) VALUES (?, ?, 'waiting', ?, ?)
     ON CONFLICT (id) DO UPDATE SET state = 'waiting', attempts = 0, due = excluded.due WHERE state = 'aside'`,
  );
  const forget = db.prepare(`DELETE FROM hostEvents WHERE state = 'done' AND doneAt < ?`);
  const done = db.prepare(`UPDATE hostEvents SET state = 'done', doneAt = ?, error = NULL, event = NULL WHERE seq = ?`);
  const failed = db.prepare('UPDATE hostEvents SET state = ?, attempts = ?, due = ?, error = ? WHERE seq = ?');
  const due = db.prepare(`SELECT seq FROM hostEvents WHERE state = 'waiting' AND due <= ? ORDER BY seq LIMIT ?`);
  const next = db.prepare(`SELECT seq, due FROM hostEvents WHERE state = 'waiting' ORDER BY due LIMIT ?`);
  const read = db.prepare('SELECT seq, id, event, receivedAt, attempts FROM hostEvents WHERE seq = ?');
  const count = db.prepare('SELECT count(*) AS n FROM hostEvents WHERE state = ?');
  const countOf = (state: string): number => Number(count.get(state)?.n);

  let batch: { write: () => number; result: PromiseWithResolvers<number> }[] = [];
  const commit = (): void => {
    const writes = batch;
    batch = [];
    if (writes.length === 0) return;
    try {
      db.exec('BEGIN IMMEDIATE');
      const changes = writes.map(({ write }) => write());
      db.exec('COMMIT');
      writes.forEach(({ result }, i) => void result.resolve(changes[i] ?? 0));
    } catch (error) {
      // After some errors SQLite has already rolled back.
      if (db.isTransaction) db.exec('ROLLBACK');
      const fault = new DrydockError('FileUnreadable', `${file} cannot be written: ${(error as Error).message}.`, {
        remedy: 'Check the free space and the permissions of its disk.',
      });
      for (const { result } of writes) result.reject(fault);
    }
  };
  const join = (write: () => number | bigint): Promise<number> => {
    if (!db.isOpen) return Promise.reject(new DrydockError('FileUnreadable', `${file} is closed.`));
    if (batch.length === 0) setImmediate(commit);
    const result = Promise.withResolvers<number>();
    batch.push({ write: () => Number(write()), result });
    return result.promise;
  };

  return {
    /** False if the id is known, unless it was set aside. Deliveries handled before `forgotten` are deleted. */
    async put(row: Pick<InboxRow, 'id' | 'event' | 'receivedAt'>, forgotten: number): Promise<boolean> {
      const { id, event, receivedAt } = row;
      return (
        (await join(() => {
          forget.run(forgotten);
          return insert.run(id, event, receivedAt, receivedAt).changes;
        })) > 0
      );
    },
    /** The oldest delivery that is due and not being handled. */
    take(now: number, active: ReadonlySet<number>): InboxRow | undefined {
      const found = due.all(now, active.size + 1).find(({ seq }) => !active.has(Number(seq)));
      return found && (read.get(Number(found.seq)) as unknown as InboxRow);
    },
    /** When the next delivery that is not being handled is due, in epoch milliseconds. */
    nextDue(active: ReadonlySet<number>): number | undefined {
      const found = next.all(active.size + 1).find(({ seq }) => !active.has(Number(seq)));
      return found && Number(found.due);
    },
    done: (seq: number, at: number) => join(() => done.run(at, seq).changes),
    failed: (seq: number, { attempts, error, due: at }: Failure) =>
      join(() => failed.run(at === undefined ? 'aside' : 'waiting', attempts, at ?? 0, error, seq).changes),
    counts: () => ({ waiting: countOf('waiting'), setAside: countOf('aside') }),
    /** Commits pending writes and releases the file. */
    close() {
      if (!db.isOpen) return;
      commit();
      db.close();
    },
  };
}

function open(file: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file);
    db.exec(schema);
    return db;
  } catch (error) {
    db?.close();
    if ((error as { errcode?: unknown }).errcode === sqliteBusy) {
      throw new DrydockError('DataFolderBusy', `${file} is in use by another process.`, { cause: error });
    }
    throw new DrydockError('FileUnreadable', `${file} is not a valid inbox: ${(error as Error).message}.`, {
      remedy: 'Move it away; GitHub lists recent deliveries and can redeliver each of them.',
      cause: error,
    });
  }
}
