import type { DatabaseSync } from 'node:sqlite';
import { JournalFailed } from '../errors.ts';

export type Status = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
/** What a running execution waits for: its function, its token, a time, or the next attempt. */
export type Stage = 'invoke' | 'token' | 'wait' | 'backoff';

/** A stored execution: everything needed to continue it. Times are epoch milliseconds. */
export interface Row {
  name: string;
  /** Digest of the definition at the start. */
  definition: string;
  /** JSON. */
  input: string;
  startedAt: number;
  /** Deadline of the whole execution. */
  expiresAt: number | null;
  /** Session of the journal that resumed it last. */
  session: number;
  status: Status;
  output: string | null;
  error: string | null;
  cause: string | null;
  endedAt: number | null;
  state: string;
  /** Counts entered states, from 1. */
  visit: number;
  enteredAt: number;
  stage: Stage;
  /** End of the stage: the time limit of this attempt, the end of a wait, or the time of the next attempt. */
  deadline: number | null;
  /** The earlier of `deadline` and `expiresAt`; null after the end. */
  due: number | null;
  /** Retries of this visit by rule, a JSON list of counts. */
  retries: string;
  /** Attempt of this visit, counted from 0. */
  attempt: number;
  /** States entered and retries, as Step Functions counts and charges transitions. */
  transitions: number;
  /** Number of events that the history would have on Step Functions. */
  events: number;
  /** JSON of the state's input, and of the variables. */
  value: string;
  variables: string;
}

/** An ended visit of a state. */
export interface HistoryRow {
  name: string;
  visit: number;
  state: string;
  enteredAt: number;
  exitedAt: number;
  retries: number;
  error: string | null;
}

const coldColumns = ['name', 'definition', 'input', 'startedAt', 'expiresAt', 'session'] as const;
/** Columns that a transition writes. */
export const hotColumns = [
  'status',
  'output',
  'error',
  'cause',
  'endedAt',
  'state',
  'visit',
  'enteredAt',
  'stage',
  'deadline',
  'due',
  'retries',
  'attempt',
  'transitions',
  'events',
  'value',
  'variables',
] as const satisfies (keyof Row)[];
export const rowColumns: readonly (keyof Row)[] = [...coldColumns, ...hotColumns];

/** Version of the tables. In version 1 the column `attempt` had the name `tries`. */
const layout = 2;

/** Creates or upgrades the tables. @throws JournalFailed when the file has unknown content. */
export function createTables(db: DatabaseSync): void {
  db.exec('BEGIN EXCLUSIVE');
  const found = Number(db.prepare('PRAGMA user_version').get()?.user_version);
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n);
  if (found === 1) db.exec('ALTER TABLE executions RENAME COLUMN tries TO attempt');
  else if (found !== layout && (found !== 0 || tables > 0))
    throw new JournalFailed(`the journal has layout ${found}, not ${layout}; use a fresh folder`);
  db.exec(`
    CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value ANY) STRICT;
    CREATE TABLE IF NOT EXISTS definitions (digest TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS executions (
      name TEXT PRIMARY KEY, definition TEXT NOT NULL, input TEXT NOT NULL, startedAt INTEGER NOT NULL,
      expiresAt INTEGER, session INTEGER NOT NULL, status TEXT NOT NULL, output TEXT, error TEXT, cause TEXT,
      endedAt INTEGER, state TEXT NOT NULL, visit INTEGER NOT NULL, enteredAt INTEGER NOT NULL, stage TEXT NOT NULL,
      deadline INTEGER, due INTEGER, retries TEXT NOT NULL, attempt INTEGER NOT NULL, transitions INTEGER NOT NULL,
      events INTEGER NOT NULL, value TEXT NOT NULL, variables TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS executionsDue ON executions (session, due) WHERE due IS NOT NULL;
    CREATE INDEX IF NOT EXISTS executionsRunning ON executions (startedAt) WHERE status = 'RUNNING';
    CREATE TABLE IF NOT EXISTS history (
      name TEXT NOT NULL, visit INTEGER NOT NULL, state TEXT NOT NULL, enteredAt INTEGER NOT NULL,
      exitedAt INTEGER NOT NULL, retries INTEGER NOT NULL, error TEXT, PRIMARY KEY (name, visit)
    ) STRICT, WITHOUT ROWID;
    PRAGMA user_version = ${layout};
    COMMIT`);
}
