import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { cursorOf, listEntry, readCursor, searchable } from '../../../core/listing/entry.ts';
import type { RunQuery } from '../../../core/ports/store/runs.ts';
import { readable } from '../../../core/run/parse-stored.ts';
import { type RunRecord, runRecord } from '../../../core/run/record.ts';
import type { RunStatus } from '../../../core/run/status.ts';
import type { Database } from '../storage/database.ts';
import { parseBody } from './tables.ts';

type Row = Record<string, SQLOutputValue>;
/** Conditions of a query, all of which hold, and their parameters. */
interface Where {
  conditions: string[];
  values: string[];
}

const insertEntry = `INSERT INTO runList (runId, createdAt, repository, team, requester, status, part, search)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (runId) DO NOTHING`;

/** The table of what lists of runs are filtered by. `add` and `setStatus` run within the caller's write. */
export function createRunList(db: Pick<Database, 'prepare'>) {
  const insert = db.prepare(insertEntry);
  const update = db.prepare('UPDATE runList SET status = ? WHERE runId = ?');
  return {
    add(record: RunRecord): void {
      insert.run(...valuesOf(record));
    },
    setStatus(runId: string, status: RunStatus): void {
      update.run(status, runId);
    },
    /** The rows of a page with the bodies of their records, and the number of runs by status. */
    find(query: RunQuery): { rows: Row[]; next?: string; counts: Partial<Record<RunStatus, number>> } {
      const common = whereOf(query);
      const { conditions, values } = pageOf(query, common);
      const rows = db
        .prepare(
          `SELECT runs.runId, runs.createdAt, runs.body FROM runList JOIN runs USING (runId) ${textOf(conditions)}
           ORDER BY runList.createdAt DESC, runList.runId DESC LIMIT ?`,
        )
        .all(...values, query.limit + 1);
      const counted = db
        .prepare(`SELECT status, count(*) AS n FROM runList ${textOf(common.conditions)} GROUP BY status`)
        .all(...common.values);
      const page = rows.slice(0, query.limit);
      const last = rows.length > query.limit ? page.at(-1) : undefined;
      return {
        rows: page,
        ...(last ? { next: cursorOf({ createdAt: String(last.createdAt), runId: String(last.runId) }) } : {}),
        counts: Object.fromEntries(counted.map(({ status, n }) => [String(status), Number(n)])),
      };
    },
  };
}

const textOf = (conditions: string[]): string => (conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`);

/** All filters but the status and the place of the page. */
function whereOf({ repository, team, by, text, scope, parts }: RunQuery): Where {
  const conditions: string[] = parts === true ? [] : ['runList.part = 0'];
  const values: string[] = [];
  const equal = (column: string, value: string | undefined): void => {
    if (value === undefined) return;
    conditions.push(`runList.${column} = ?`);
    values.push(value);
  };
  equal('repository', repository);
  equal('team', team);
  equal('requester', by);
  if (text !== undefined) {
    conditions.push('instr(runList.search, ?) > 0');
    values.push(searchable(text));
  }
  if (scope) {
    conditions.push(`(runList.requester = ?${scope.teams.map(() => ' OR runList.team = ?').join('')})`);
    values.push(scope.person, ...scope.teams);
  }
  return { conditions, values };
}

function pageOf({ statuses, before }: RunQuery, common: Where): Where {
  const conditions = [...common.conditions];
  const values = [...common.values];
  if (statuses) {
    conditions.push(`runList.status IN (${statuses.map(() => '?').join(', ')})`);
    values.push(...statuses);
  }
  if (before !== undefined) {
    const { createdAt, runId } = readCursor(before);
    conditions.push('(runList.createdAt, runList.runId) < (?, ?)');
    values.push(createdAt, runId);
  }
  return { conditions, values };
}

const valuesOf = (record: RunRecord): [string, string, string, string, string, string, number, string] => {
  const { runId, createdAt, repository, team, requester, search } = listEntry(record);
  return [runId, createdAt, repository, team, requester, record.status, record.parent ? 1 : 0, search];
};

/** Adds the runs that a file has and the list lacks: those of an earlier version, once. */
export function completeRunList(db: DatabaseSync): void {
  const missing = db.prepare(
    `SELECT runId, repository, taskId, createdAt, body FROM runs
     WHERE NOT EXISTS (SELECT 1 FROM runList WHERE runList.runId = runs.runId)`,
  );
  const insert = db.prepare(insertEntry);
  for (const row of missing.all()) {
    const [run] = readable(() => parseBody(runRecord, row, `The record of run ${String(row.runId)}`));
    // A damaged record is in the list too, so that somebody looks at it.
    const [runId, repository, taskId, createdAt] = [row.runId, row.repository, row.taskId, row.createdAt].map(String);
    insert.run(
      ...(run
        ? valuesOf(run)
        : [runId ?? '', createdAt ?? '', repository ?? '', '', '', 'running', 0, searchable(`${taskId} ${runId}`)]),
    );
  }
}
