import { openDatabase } from '../storage/database.ts';

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

// Both indexes are partial and therefore small. The first covers the columns that select a delivery, so no event is
// read for that. An earlier version stored raw bodies in a table `deliveries`, which stays untouched.
const schema = `
  CREATE TABLE IF NOT EXISTS hostEvents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'aside')), attempts INTEGER NOT NULL DEFAULT 0,
    receivedAt INTEGER NOT NULL, due INTEGER NOT NULL, doneAt INTEGER, error TEXT, event TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS eventsWaiting ON hostEvents (seq, due) WHERE state = 'waiting';
  CREATE INDEX IF NOT EXISTS eventsDone ON hostEvents (doneAt) WHERE state = 'done';
`;

/**
 * The file of an inbox.
 * @throws DataFolderBusy if another process holds the file; FileUnreadable if it is not a valid inbox.
 */
export function openInboxTable(file: string) {
  const db = openDatabase(file, {
    schema: (tables) => tables.exec(schema),
    what: 'inbox',
    remedy: 'Move it away; GitHub lists recent deliveries and can redeliver each of them.',
  });
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

  const write = (work: () => number | bigint): Promise<number> => db.write(() => Number(work()));

  return {
    /** False if the id is known, unless it was set aside. Deliveries handled before `forgotten` are deleted. */
    async put(row: Pick<InboxRow, 'id' | 'event' | 'receivedAt'>, forgotten: number): Promise<boolean> {
      const { id, event, receivedAt } = row;
      return (
        (await write(() => {
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
    done: (seq: number, at: number) => write(() => done.run(at, seq).changes),
    failed: (seq: number, { attempts, error, due: at }: Failure) =>
      write(() => failed.run(at === undefined ? 'aside' : 'waiting', attempts, at ?? 0, error, seq).changes),
    counts: () => ({ waiting: countOf('waiting'), setAside: countOf('aside') }),
    close: () => db.close(),
  };
}
