import { createHash, randomBytes } from 'node:crypto';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { StateMachine } from '../asl/types.ts';
import { EngineBusy, EngineClosed, JournalFailed } from '../errors.ts';
import { createTables, type HistoryRow, hotColumns, type Row, rowColumns, type Status } from './rows.ts';

export type { HistoryRow, Row, Status } from './rows.ts';

/** A transition of an execution in its stored form. */
export interface Change {
  row: Row;
  /** Whether the execution is new. */
  created: boolean;
  /** Ended visits. */
  left: HistoryRow[];
}

/**
 * The journal: one SQLite file with an exclusive lock. All writes in one turn of the event loop share one transaction,
 * and their callers wait for its commit; reads return only committed data.
 *
 * WAL with `synchronous=FULL`: each commit flushes the log, so that committed data survives a power loss or a system
 * crash. `NORMAL` would survive only a killed process; with one flush per turn the difference in speed is small
 * (`scripts/bench/engine.ts`).
 */
export class Journal {
  readonly #db: DatabaseSync;
  readonly #statements: Record<'insert' | 'update' | 'left' | 'load' | 'nearest' | 'due', StatementSync>;
  readonly #definitions = new Map<string, StateMachine>();
  readonly #committed: ((commits: number) => void) | undefined;
  #commits = 0;
  #batch: { writes: (() => void)[]; done: PromiseWithResolvers<void> } | undefined;
  #failed: JournalFailed | undefined;
  #closed = false;
  /** Key of the task tokens of this file. */
  readonly secret: Buffer;
  /** Counts the openings of this file. A row has the session that resumed it last. */
  readonly session: number;

  /** @param committed Called after each commit with their number. @throws EngineBusy, JournalFailed. */
  constructor(file: string, committed?: (commits: number) => void) {
    this.#committed = committed;
    this.#db = new DatabaseSync(file);
    try {
      this.#db.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL');
      createTables(this.#db);
      this.session = this.#nextSession();
      this.secret = this.#readSecret();
    } catch (error) {
      this.#db.close();
      const busy = error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy;
      if (busy) throw new EngineBusy(`${file} is held by another process`, { cause: error });
      if (error instanceof JournalFailed) throw error;
      throw new JournalFailed(`${file} is not a valid journal`, { cause: error });
    }
    const named = (columns: readonly string[]): string => columns.map((name) => `:${name}`).join(', ');
    this.#statements = {
      insert: this.#db.prepare(`INSERT INTO executions (${rowColumns.join(', ')}) VALUES (${named(rowColumns)})`),
      update: this.#db.prepare(
        `UPDATE executions SET ${hotColumns.map((name) => `${name} = :${name}`).join(', ')} WHERE name = :name`,
      ),
      left: this.#db.prepare(
        `INSERT INTO history (name, visit, state, enteredAt, exitedAt, retries, error)
         VALUES (:name, :visit, :state, :enteredAt, :exitedAt, :retries, :error)`,
      ),
      load: this.#db.prepare('SELECT * FROM executions WHERE name = ?'),
      nearest: this.#db.prepare('SELECT min(due) AS due FROM executions WHERE session = ? AND due IS NOT NULL'),
      due: this.#db.prepare('SELECT name FROM executions WHERE session = ? AND due <= ? ORDER BY due LIMIT 500'),
    };
  }

  /** Joins this turn's transaction; resolves when it is on disk. @throws JournalFailed, EngineClosed. */
  write({ row, created, left }: Change): Promise<void> {
    return this.#join(() => {
      if (created) this.#statements.insert.run({ ...row });
      else this.#statements.update.run(pick(row, ['name', ...hotColumns]));
      for (const entry of left) this.#statements.left.run({ ...entry });
    });
  }

  /** Moves all unfinished executions to this session. */
  claim(): Promise<void> {
    return this.#join(() => {
      this.#db
        .prepare(`UPDATE executions SET session = ? WHERE status = 'RUNNING' AND session <> ?`)
        .run(this.session, this.session);
    });
  }

  /** Stores a definition under its digest, so that an execution continues with the definition of its start. */
  define(definition: StateMachine): string {
    const body = JSON.stringify(definition);
    const digest = createHash('sha256').update(body).digest('hex');
    this.#db.prepare('INSERT OR IGNORE INTO definitions (digest, body) VALUES (?, ?)').run(digest, body);
    return digest;
  }

  definition(digest: string): StateMachine {
    const known = this.#definitions.get(digest);
    if (known) return known;
    const stored = this.#db.prepare('SELECT body FROM definitions WHERE digest = ?').get(digest);
    if (!stored) throw new JournalFailed(`the journal does not contain the definition ${digest}`);
    const definition = JSON.parse(String(stored.body)) as StateMachine;
    this.#definitions.set(digest, definition);
    return definition;
  }

  load(name: string): Row | undefined {
    return this.#statements.load.get(name) as Row | undefined;
  }

  rows(status?: Status): Row[] {
    if (status === undefined)
      return this.#db.prepare('SELECT * FROM executions ORDER BY startedAt, name').all() as unknown as Row[];
    const select = this.#db.prepare('SELECT * FROM executions WHERE status = ? ORDER BY startedAt, name');
    return select.all(status) as unknown as Row[];
  }

  countRunning(): number {
    return Number(this.#db.prepare(`SELECT count(*) AS n FROM executions WHERE status = 'RUNNING'`).get()?.n);
  }

  /** Running executions whose function has not returned. */
  invoking(): string[] {
    const select = this.#db.prepare(`SELECT name FROM executions WHERE status = 'RUNNING' AND stage = 'invoke'`);
    return select.all().map((row) => String(row.name));
  }

  /** A batch of due executions of this session, the earliest first. */
  dueBy(now: number): string[] {
    return this.#statements.due.all(this.session, now).map((row) => String(row.name));
  }

  /** Epoch milliseconds at which the next execution of this session is due. */
  nearest(): number | undefined {
    const due = this.#statements.nearest.get(this.session)?.due;
    return typeof due === 'number' ? due : undefined;
  }

  history(name: string): HistoryRow[] {
    return this.#db.prepare('SELECT * FROM history WHERE name = ? ORDER BY visit').all(name) as unknown as HistoryRow[];
  }

  /** Commits pending writes and closes the file. */
  close(): void {
    if (this.#closed) return;
    this.#commit();
    this.#closed = true;
    this.#db.close();
  }

  #join(write: () => void): Promise<void> {
    if (this.#failed) return Promise.reject(this.#failed);
    if (this.#closed) return Promise.reject(new EngineClosed('the engine is closed'));
    if (!this.#batch) {
      this.#batch = { writes: [], done: Promise.withResolvers<void>() };
      setImmediate(() => this.#commit());
    }
    this.#batch.writes.push(write);
    return this.#batch.done.promise;
  }

  #commit(): void {
    const batch = this.#batch;
    if (!batch) return;
    this.#batch = undefined;
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const write of batch.writes) write();
      this.#db.exec('COMMIT');
    } catch (error) {
      // No later batch is written, because it could depend on the lost one.
      this.#failed = new JournalFailed('the journal could not be written', { cause: error });
      batch.done.reject(this.#failed);
      this.#rollBack();
      return;
    }
    this.#commits += 1;
    batch.done.resolve();
    this.#committed?.(this.#commits);
  }

  #rollBack(): void {
    try {
      this.#db.exec('ROLLBACK');
    } catch {
      // The transaction has already ended, or closing the file ends it.
    }
  }

  #nextSession(): number {
    const raise = `INSERT INTO meta (key, value) VALUES ('session', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1`;
    this.#db.exec(raise);
    return Number(this.#db.prepare(`SELECT value FROM meta WHERE key = 'session'`).get()?.value);
  }

  #readSecret(): Buffer {
    this.#db.prepare(`INSERT OR IGNORE INTO meta (key, value) VALUES ('secret', ?)`).run(randomBytes(32));
    const stored = this.#db.prepare(`SELECT value FROM meta WHERE key = 'secret'`).get()?.value;
    if (!(stored instanceof Uint8Array)) throw new JournalFailed('the secret of the journal is missing');
    return Buffer.from(stored);
  }
}

/** SQLITE_BUSY, https://www.sqlite.org/rescode.html#busy */
const sqliteBusy = 5;

function pick(row: Row, columns: (keyof Row)[]): Record<string, string | number | null> {
  return Object.fromEntries(columns.map((name) => [name, row[name]]));
}
