import type { Admission } from '../../../core/ports/store/admission.ts';
import type { Database } from '../storage/database.ts';

export function createAdmission(db: Database): Admission {
  const holds = db.prepare('SELECT 1 FROM slots WHERE scope = ? AND runId = ?');
  const held = db.prepare('SELECT count(*) AS n FROM slots WHERE scope = ?');
  const heldInAll = db.prepare('SELECT count(*) AS n FROM slots');
  const scopes = db.prepare('SELECT DISTINCT scope FROM slots ORDER BY scope');
  const take = db.prepare('INSERT INTO slots (scope, runId) VALUES (?, ?)');
  const release = db.prepare('DELETE FROM slots WHERE scope = ? AND runId = ?');
  const holders = db.prepare('SELECT runId FROM slots WHERE scope = ? ORDER BY runId');
  const enqueue = db.prepare(
    'INSERT INTO queue (scope, runId, at) VALUES (?, ?, ?) ON CONFLICT (scope, runId) DO NOTHING',
  );
  const dequeue = db.prepare('DELETE FROM queue WHERE scope = ? AND runId = ?');
  const queued = db.prepare('SELECT runId FROM queue WHERE scope = ? ORDER BY at, runId');
  const pause = db.prepare(
    `INSERT INTO admission (id, paused, changedBy) VALUES (1, ?, ?)
     ON CONFLICT (id) DO UPDATE SET paused = excluded.paused, changedBy = excluded.changedBy`,
  );
  const isPaused = db.prepare('SELECT paused, changedBy FROM admission WHERE id = 1');

  return {
    acquireSlot: (scope, runId, limit, total) =>
      db.write(() => {
        if (holds.get(scope, runId)) return true;
        if (Number(held.get(scope)?.n) >= limit) return false;
        if (total !== undefined && Number(heldInAll.get()?.n) >= total) return false;
        take.run(scope, runId);
        return true;
      }),

    async releaseSlot(scope, runId) {
      await db.write(() => release.run(scope, runId));
    },

    slotHolders: async (scope) => holders.all(scope).map((row) => String(row.runId)),

    slotsTaken: async () => Number(heldInAll.get()?.n),
    countedScopes: async () => scopes.all().map(({ scope }) => String(scope)),

    async enqueue(scope, runId, at) {
      await db.write(() => enqueue.run(scope, runId, at));
    },

    async dequeue(scope, runId) {
      await db.write(() => dequeue.run(scope, runId));
    },

    queue: async (scope) => queued.all(scope).map((row) => String(row.runId)),

    async setPaused(paused, by) {
      await db.write(() => pause.run(Number(paused), by));
    },

    paused: async () => isPaused.get()?.paused === 1,

    async pausedBy() {
      const now = isPaused.get();
      return now?.paused === 1 ? String(now.changedBy) : undefined;
    },
  };
}
