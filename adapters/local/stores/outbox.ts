import { dueOf, type Outbox, type OutboxEntry, outboxEntry } from '../../../core/ports/store/outbox.ts';
import type { Database } from '../storage/database.ts';
import { parseBody } from './tables.ts';

/** Messages on one machine. The pages show them; a process that owns the data folder sends them. */
export function createOutbox(db: Database): Outbox {
  const insert = db.prepare(
    'INSERT INTO outbox (key, at, due, version, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING',
  );
  const read = db.prepare('SELECT body FROM outbox WHERE key = ?');
  const change = db.prepare('UPDATE outbox SET due = ?, version = ?, body = ? WHERE key = ? AND version = ?');
  const due = db.prepare('SELECT key FROM outbox WHERE due <= ? ORDER BY due, key LIMIT ?');
  const newest = db.prepare('SELECT body FROM outbox ORDER BY at DESC, key LIMIT ?');
  const parsed = (row: { body?: unknown }): OutboxEntry => parseBody(outboxEntry, row, 'A message');
  const get = async (key: string): Promise<OutboxEntry | undefined> => {
    const row = read.get(key);
    return row && parsed(row);
  };
  return {
    get,
    async add(entry) {
      const { key, at } = entry.notice;
      await db.write(() => insert.run(key, at, dueOf(entry.deliveries) ?? null, entry.version, JSON.stringify(entry)));
      return (await get(key)) ?? entry;
    },
    async replace(entry, deliveries) {
      const next = { ...entry, deliveries, version: entry.version + 1 };
      const { changes } = await db.write(() =>
        change.run(dueOf(deliveries) ?? null, next.version, JSON.stringify(next), entry.notice.key, entry.version),
      );
      return Number(changes) === 1 ? next : undefined;
    },
    due: async (now, limit) => due.all(now, limit).map((row) => String(row.key)),
    list: async (limit) => newest.all(limit).map(parsed),
  };
}
