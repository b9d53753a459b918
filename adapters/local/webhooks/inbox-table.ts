import { DatabaseSync } from 'node:sqlite';
import { DrydockError } from '../../../core/errors.ts';

/** A delivery as it lies in the table; times in epoch milliseconds. */
export interface InboxRow {
  /** Order of arrival. */
  seq: number;
  id: string;
  /** The event as JSON. */
  event: string;
  receivedAt: number;
  attempts: number;
}

/** What becomes of a delivery whose handler failed. `due` is absent when it is not tried again. */
export interface Failure {
  attempts: number;
  error: string;
  due?: number;
}

/** SQLITE_BUSY, https://www.sqlite.org/rescode.html#busy */
const sqliteBusy = 5;

// Both indexes hold only the few rows they are for. The first has all that choosing needs, so that no event is read for it. An earlier version kept
// raw bodies in a table `deliveries`, which is left alone.
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
 * The file of an inbox, held exclusively. The writes of one turn of the event loop are one transaction, flushed to disk
 * before any of them resolves.
 * @throws DataFolderBusy when another process holds the file; FileUnreadable when it is no inbox.
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

  let batch: { write: () => number; settle: PromiseWithResolvers<number> }[] = [];
  const commit = (): void => {
    const writes = batch;
    batch = [];
    if (writes.length === 0) return;
    try {
      db.exec('BEGIN IMMEDIATE');
      const changes = writes.map(({ write }) => write());
      db.exec('COMMIT');
      writes.forEach(({ settle }, i) => void settle.resolve(changes[i] ?? 0));
    } catch (error) {
      // After some faults SQLite has rolled back by itself.
      if (db.isTransaction) db.exec('ROLLBACK');
      const fault = new DrydockError('FileUnreadable', `${file} cannot be written: ${(error as Error).message}.`, {
        remedy: 'Look at the disk it is on: free space and permissions.',
      });
      for (const { settle } of writes) settle.reject(fault);
    }
  };
  const join = (write: () => number | bigint): Promise<number> => {
    if (!db.isOpen) return Promise.reject(new DrydockError('FileUnreadable', `${file} is closed.`));
    if (batch.length === 0) setImmediate(commit);
    const settle = Promise.withResolvers<number>();
    batch.push({ write: () => Number(write()), settle });
    return settle.promise;
  };

  return {
    /** False when the id is known, unless it was set aside. What was done before `forgotten` is known no more. */
    async put(row: Pick<InboxRow, 'id' | 'event' | 'receivedAt'>, forgotten: number): Promise<boolean> {
      const { id, event, receivedAt } = row;
      return (
        (await join(() => {
          forget.run(forgotten);
          return insert.run(id, event, receivedAt, receivedAt).changes;
        })) > 0
      );
    },
    /** The oldest delivery that is due and not among those in hand. */
    take(now: number, inHand: ReadonlySet<number>): InboxRow | undefined {
      const found = due.all(now, inHand.size + 1).find(({ seq }) => !inHand.has(Number(seq)));
      return found && (read.get(Number(found.seq)) as unknown as InboxRow);
    },
    /** When the next delivery that is not in hand is due. */
    nextDue(inHand: ReadonlySet<number>): number | undefined {
      const found = next.all(inHand.size + 1).find(({ seq }) => !inHand.has(Number(seq)));
      return found && Number(found.due);
    },
    done: (seq: number, at: number) => join(() => done.run(at, seq).changes),
    failed: (seq: number, { attempts, error, due: at }: Failure) =>
      join(() => failed.run(at === undefined ? 'aside' : 'waiting', attempts, at ?? 0, error, seq).changes),
    counts: () => ({ waiting: countOf('waiting'), setAside: countOf('aside') }),
    /** Writes what is under way and lets go of the file. */
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
      throw new DrydockError('DataFolderBusy', `${file} is held by another process.`, { cause: error });
    }
    throw new DrydockError('FileUnreadable', `${file} is no inbox: ${(error as Error).message}.`, {
      remedy: 'Move it away; GitHub’s own list of deliveries has what was in it, and each can be sent again there.',
      cause: error,
    });
  }
}
