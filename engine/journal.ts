import { createHash, randomBytes } from 'node:crypto';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { StateMachine } from './asl.ts';
import { EngineBusy, EngineClosed } from './errors.ts';

/** What an execution waits for: its state to be run, a token, a moment, or the delay before a retry. */
export type Stage = 'run' | 'token' | 'wait' | 'retry';
export type Status = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** An execution as it is stored: everything needed to go on from here, and nothing in memory but this while it works. */
export interface Row {
  name: string;
  definition: string;
  status: Status;
  /** JSON. */
  input: string;
  output: string | null;
  error: string | null;
  cause: string | null;
  startedAt: number;
  endedAt: number | null;
  /** Deadline of the whole execution, epoch ms. */
  expiresAt: number | null;
  state: string;
  /** Counts entered states, from 1. */
  visit: number;
  enteredAt: number;
  stage: Stage;
  /** Retries of this visit so far, by rule, and in all. */
  retries: string;
  tries: number;
  /** JSON of the state's input and of the variables. */
  value: string;
  variables: string;
  /** Answer to the token, when it came: JSON `{output}` or `{error, cause}`. */
  answer: string | null;
  /** When something is due without anybody calling, epoch ms. */
  due: number | null;
}

export interface HistoryEntry {
  state: string;
  visit: number;
  enteredAt: number;
  exitedAt: number | null;
  retries: number;
  error: string | null;
}

const columns = [
  'name', 'definition', 'status', 'input', 'output', 'error', 'cause', 'startedAt', 'endedAt', 'expiresAt', 'state',
  'visit', 'enteredAt', 'stage', 'retries', 'tries', 'value', 'variables', 'answer', 'due',
] as const satisfies (keyof Row)[]; // biome-ignore format: a list of names reads better in lines

/**
 * The journal: one SQLite file, held exclusively. All writes of one turn of the event loop go into one transaction, and
 * whoever wrote waits for it. WAL with `synchronous=FULL`: what was committed survives the loss of power too.
 */
export class Journal {
  readonly #db: DatabaseSync;
  readonly #save: StatementSync;
  readonly #load: StatementSync;
  readonly #history: StatementSync;
  readonly #nearest: StatementSync;
  readonly #definitions = new Map<string, StateMachine>();
  readonly secret: Buffer;
  #batch: { done: Promise<void>; resolve(): void; reject(error: unknown): void } | undefined;
  #closed = false;

  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    try {
      this.#db.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
      this.#db.exec(`
        BEGIN EXCLUSIVE;
        CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value BLOB) STRICT;
        CREATE TABLE IF NOT EXISTS definitions (digest TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS executions (
          name TEXT PRIMARY KEY, definition TEXT NOT NULL, status TEXT NOT NULL, input TEXT NOT NULL, output TEXT,
          error TEXT, cause TEXT, startedAt INTEGER NOT NULL, endedAt INTEGER, expiresAt INTEGER, state TEXT NOT NULL,
          visit INTEGER NOT NULL, enteredAt INTEGER NOT NULL, stage TEXT NOT NULL, retries TEXT NOT NULL,
          tries INTEGER NOT NULL, value TEXT NOT NULL, variables TEXT NOT NULL, answer TEXT, due INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS executionsDue ON executions (due) WHERE due IS NOT NULL;
        CREATE INDEX IF NOT EXISTS executionsRunning ON executions (startedAt) WHERE status = 'RUNNING';
        CREATE TABLE IF NOT EXISTS history (
          name TEXT NOT NULL, visit INTEGER NOT NULL, state TEXT NOT NULL, enteredAt INTEGER NOT NULL,
          exitedAt INTEGER, retries INTEGER NOT NULL, error TEXT, PRIMARY KEY (name, visit)
        ) STRICT, WITHOUT ROWID;
        COMMIT;`);
    } catch (error) {
      this.#db.close();
      if (/locked|busy/i.test((error as Error).message)) throw new EngineBusy(`${file} is held by another process`);
      throw error;
    }
    this.#save = this.#db.prepare(
      `INSERT OR REPLACE INTO executions (${columns.join(', ')}) VALUES (${columns.map((name) => `:${name}`).join(', ')})`,
    );
    this.#load = this.#db.prepare('SELECT * FROM executions WHERE name = ?');
    this.#history = this.#db.prepare(
      'INSERT OR REPLACE INTO history (name, visit, state, enteredAt, exitedAt, retries, error) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#nearest = this.#db.prepare('SELECT min(due) AS due FROM executions WHERE due IS NOT NULL');
    this.#db.prepare('INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)').run('secret', randomBytes(32));
    this.secret = Buffer.from(
      this.#db.prepare('SELECT value FROM meta WHERE key = ?').get('secret')?.value as Uint8Array,
    );
  }

  /** Keeps a definition under its digest, so that an execution goes on with the one it was started with. */
  define(definition: StateMachine): string {
    const body = JSON.stringify(definition);
    const digest = createHash('sha256').update(body).digest('hex');
    this.#db.prepare('INSERT OR IGNORE INTO definitions (digest, body) VALUES (?, ?)').run(digest, body);
    this.#definitions.set(digest, definition);
    return digest;
  }

  definition(digest: string): StateMachine {
    const known = this.#definitions.get(digest);
    if (known) return known;
    const body = this.#db.prepare('SELECT body FROM definitions WHERE digest = ?').get(digest)?.body;
    const definition = JSON.parse(String(body)) as StateMachine;
    this.#definitions.set(digest, definition);
    return definition;
  }

  load(name: string): Row | undefined {
    return this.#load.get(name) as Row | undefined;
  }

  names(status: Status): string[] {
    return this.#db
      .prepare('SELECT name FROM executions WHERE status = ? ORDER BY startedAt')
      .all(status)
      .map((row) => String(row.name));
  }

  all(status?: Status): Row[] {
    const query =
      status === undefined
        ? 'SELECT * FROM executions ORDER BY startedAt'
        : 'SELECT * FROM executions WHERE status = ? ORDER BY startedAt';
    return this.#db.prepare(query).all(...(status === undefined ? [] : [status])) as unknown as Row[];
  }

  dueBy(now: number): string[] {
    return this.#db
      .prepare('SELECT name FROM executions WHERE due <= ? ORDER BY due LIMIT 1000')
      .all(now)
      .map((row) => String(row.name));
  }

  nearest(): number | undefined {
    const due = this.#nearest.get()?.due;
    return typeof due === 'number' ? due : undefined;
  }

  historyOf(name: string): HistoryEntry[] {
    return this.#db
      .prepare('SELECT state, visit, enteredAt, exitedAt, retries, error FROM history WHERE name = ? ORDER BY visit')
      .all(name) as unknown as HistoryEntry[];
  }

  /** Joins this turn's transaction; resolves when it is on disk. */
  write(row: Row, left?: HistoryEntry): Promise<void> {
    if (this.#closed) return Promise.reject(new EngineClosed('the engine is closed'));
    const batch = this.#begin();
    this.#save.run(row as unknown as Record<string, string | number | null>);
    if (left)
      this.#history.run(row.name, left.visit, left.state, left.enteredAt, left.exitedAt, left.retries, left.error);
    return batch.done;
  }

  #begin() {
    if (this.#batch) return this.#batch;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#db.exec('BEGIN');
    this.#batch = { done: promise, resolve, reject };
    setImmediate(() => this.#commit());
    return this.#batch;
  }

  #commit(): void {
    const batch = this.#batch;
    if (!batch) return;
    this.#batch = undefined;
    try {
      this.#db.exec('COMMIT');
      batch.resolve();
    } catch (error) {
      batch.reject(error);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#commit();
    this.#closed = true;
    this.#db.close();
  }
}
