import { DrydockError } from '../../../core/errors.ts';
import type { RunPage, Runs, UnfinishedRuns } from '../../../core/ports/store/runs.ts';
import { readable } from '../../../core/run/parse-stored.ts';
import { keepEnd, type RunRecord, runRecord } from '../../../core/run/record.ts';
import type { Database } from '../storage/database.ts';
import { createEvents } from './events.ts';
import { createRunList } from './run-list.ts';
import { parseBody, unfinished } from './tables.ts';

export function createRuns(db: Database): Runs {
  const insert = db.prepare(
    `INSERT INTO runs (runId, repository, taskId, createdAt, body) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (runId) DO NOTHING`,
  );
  const read = db.prepare('SELECT body FROM runs WHERE runId = ?');
  const replace = db.prepare('UPDATE runs SET body = ? WHERE runId = ?');
  const newest = db.prepare('SELECT runId, body FROM runs ORDER BY createdAt DESC, runId DESC LIMIT ?');
  const oldest = db.prepare(
    `SELECT runId, createdAt, body FROM runs WHERE ${unfinished} AND (createdAt, runId) > (?, ?)
     ORDER BY createdAt, runId LIMIT ?`,
  );
  const ofTask = db.prepare('SELECT runId, body FROM runs WHERE repository = ? AND taskId = ? ORDER BY runId');
  const events = createEvents(db);
  const runList = createRunList(db);

  const toRecord = (runId: unknown, row: { body?: unknown }): RunRecord =>
    parseBody(runRecord, row, `The record of run ${String(runId)}`);
  const find = (runId: string): RunRecord | undefined => {
    const row = read.get(runId);
    return row && toRecord(runId, row);
  };

  return {
    get: async (runId) => find(runId),

    async create(record) {
      const { runId, repository, taskId, createdAt } = record;
      const created = await db.write(() => {
        const { changes } = insert.run(runId, repository, taskId, createdAt, JSON.stringify(record));
        if (Number(changes) > 0) runList.add(record);
        return Number(changes) > 0;
      });
      if (!created) throw new DrydockError('AlreadyClaimed', `Run ${runId} of ${taskId} exists already.`);
    },

    update: (runId, change) =>
      db.write(() => {
        const record = find(runId);
        if (!record) throw new DrydockError('RunNotFound', `There is no run ${runId}.`);
        const changed = change(structuredClone(record));
        if (!changed) return record;
        const next = { ...keepEnd(record, changed), version: record.version + 1 };
        replace.run(JSON.stringify(next), runId);
        if (next.status !== record.status) runList.setStatus(runId, next.status);
        return next;
      }),

    list: async (limit = 200) => newest.all(limit).map((row) => toRecord(row.runId, row)),

    async unfinished({ limit, after = '' }) {
      const [createdAt = '', runId = ''] = after.split(' ');
      const rows = oldest.all(createdAt, runId, limit);
      const page: UnfinishedRuns = { runs: [], unreadable: [] };
      for (const row of rows) {
        try {
          page.runs.push(toRecord(row.runId, row));
        } catch (error) {
          if (!(error instanceof DrydockError)) throw error;
          page.unreadable.push(String(row.runId));
        }
      }
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return { ...page, ...(last ? { next: `${String(last.createdAt)} ${String(last.runId)}` } : {}) };
    },

    async page(query) {
      const { rows, next, counts } = runList.find(query);
      const page: RunPage = { runs: [], unreadable: [], counts, ...(next === undefined ? {} : { next }) };
      for (const row of rows) {
        const run = readable(() => toRecord(row.runId, row))[0];
        if (run) page.runs.push(run);
        else page.unreadable.push(String(row.runId));
      }
      return page;
    },

    byTask: async (repository, taskId) => ofTask.all(repository, taskId).map((row) => toRecord(row.runId, row)),

    ...events,
  };
}
