import type { DatabaseSync } from 'node:sqlite';
import type { z } from 'zod';
import { DrydockError } from '../../../core/errors.ts';
import { parseStored } from '../../../core/run/parse-stored.ts';
import { unfinishedStatuses } from '../../../core/run/status.ts';

/** Version of the tables, as `user_version` of the file. */
const layout = 1;

/**
 * A body is the JSON of a record; the other columns are what a query or a condition needs. Amounts are micro-US-dollars,
 * times ISO 8601. What is committed of a budget is the sum over its reservations, so it cannot disagree with them.
 */
const schema = `
  CREATE TABLE runs (
    runId TEXT PRIMARY KEY, repository TEXT NOT NULL, taskId TEXT NOT NULL, createdAt TEXT NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX runsByTime ON runs (createdAt, runId);
  CREATE INDEX runsByTask ON runs (repository, taskId, runId);
  CREATE TABLE events (
    runId TEXT NOT NULL, key TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (runId, key)
  ) STRICT;
  CREATE TABLE calls (
    runId TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (runId, id)
  ) STRICT;
  CREATE TABLE phases (phaseId TEXT PRIMARY KEY, runId TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX phasesByRun ON phases (runId, phaseId);
  CREATE TABLE gates (gateId TEXT PRIMARY KEY, runId TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX gatesByRun ON gates (runId, gateId);
  CREATE TABLE votes (
    gateId TEXT NOT NULL, person TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (gateId, person)
  ) STRICT;
  CREATE TABLE lateVotes (
    gateId TEXT NOT NULL, person TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (gateId, person, at)
  ) STRICT;
  CREATE TABLE budgets (
    team TEXT NOT NULL, sprint TEXT NOT NULL, limitMicros INTEGER NOT NULL, PRIMARY KEY (team, sprint)
  ) STRICT;
  CREATE TABLE reservations (
    team TEXT NOT NULL, sprint TEXT NOT NULL, runId TEXT NOT NULL, taskId TEXT NOT NULL,
    reservedMicros INTEGER NOT NULL, settledMicros INTEGER, PRIMARY KEY (team, sprint, runId)
  ) STRICT;
  CREATE TABLE slots (scope TEXT NOT NULL, runId TEXT NOT NULL, PRIMARY KEY (scope, runId)) STRICT;
  CREATE TABLE queue (
    scope TEXT NOT NULL, runId TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (scope, runId)
  ) STRICT;
  CREATE TABLE admission (
    id INTEGER PRIMARY KEY CHECK (id = 1), paused INTEGER NOT NULL, changedBy TEXT NOT NULL
  ) STRICT;
  CREATE TABLE baselines (key TEXT PRIMARY KEY, runId TEXT NOT NULL) STRICT;
  CREATE TABLE seenSpecs (
    repository TEXT NOT NULL, blob TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (repository, blob)
  ) STRICT;
  CREATE TABLE importedRepositories (repository TEXT PRIMARY KEY) STRICT;
  CREATE TABLE runLinks (
    repository TEXT NOT NULL, key TEXT NOT NULL, runId TEXT NOT NULL, PRIMARY KEY (repository, key)
  ) STRICT;
  CREATE TABLE credentials (
    owner TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (owner, id)
  ) STRICT;
`;

/**
 * The condition for a record of an unfinished run; a damaged body counts as one, so that somebody looks at it. The index
 * and its query need the same text.
 */
export const unfinished = `CASE WHEN json_valid(body) THEN json_extract(body, '$.status') ELSE 'running' END IN (${unfinishedStatuses
  .map((status) => `'${status}'`)
  .join(', ')})`;

/**
 * What earlier versions did not have, and do not miss: it is added to their file without a new layout. `runList` is derived
 * from the records, and has what lists filter by, in rows that are short enough to look through all of them.
 */
const added = `
  CREATE INDEX IF NOT EXISTS runsUnfinished ON runs (createdAt, runId) WHERE ${unfinished};
  CREATE TABLE IF NOT EXISTS runList (
    runId TEXT PRIMARY KEY, createdAt TEXT NOT NULL, repository TEXT NOT NULL, team TEXT NOT NULL,
    requester TEXT NOT NULL, status TEXT NOT NULL, part INTEGER NOT NULL, search TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS runListByTime ON runList (createdAt, runId);
  CREATE INDEX IF NOT EXISTS runListByStatus ON runList (status, createdAt, runId);
  CREATE TABLE IF NOT EXISTS auditHeads (chain TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS firings (key TEXT PRIMARY KEY, note TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS outbox (
    key TEXT PRIMARY KEY, at TEXT NOT NULL, due TEXT, version INTEGER NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS outboxByTime ON outbox (at, key);
  CREATE INDEX IF NOT EXISTS outboxDue ON outbox (due) WHERE due IS NOT NULL;
`;

/**
 * Creates the tables within the caller's transaction. @returns False if they exist.
 * @throws RecordUnreadable if another version of Drydock made the file.
 */
export function createTables(db: DatabaseSync): boolean {
  const found = Number(db.prepare('PRAGMA user_version').get()?.user_version);
  if (found === layout) {
    db.exec(added);
    return false;
  }
  const tables = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n);
  if (found !== 0 || tables > 0)
    throw new DrydockError('RecordUnreadable', `The stores have layout ${found}, not ${layout}.`);
  db.exec(`${schema} ${added} PRAGMA user_version = ${layout}`);
  return true;
}

/** @throws RecordUnreadable if the body is not valid JSON or does not match the schema. */
export function parseBody<T>(schema: z.ZodType<T>, row: { body?: unknown }, what: string): T {
  let body: unknown;
  try {
    body = JSON.parse(String(row.body));
  } catch (error) {
    throw new DrydockError('RecordUnreadable', `${what} is not valid JSON.`, { cause: error });
  }
  return parseStored(schema, body, what);
}
