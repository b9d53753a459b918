import { DrydockError } from '../../../core/errors.ts';
import { formatUsd } from '../../../core/money/format.ts';
import type { Ledger } from '../../../core/ports/store/ledger.ts';
import { modelCall } from '../../../core/run/phase.ts';
import type { Database } from '../storage/database.ts';
import { parseBody } from './tables.ts';

export function createLedger(db: Database): Ledger {
  const setLimit = db.prepare(
    `INSERT INTO budgets (team, sprint, limitMicros) VALUES (?, ?, ?)
     ON CONFLICT (team, sprint) DO UPDATE SET limitMicros = excluded.limitMicros`,
  );
  const limitOf = db.prepare('SELECT limitMicros FROM budgets WHERE team = ? AND sprint = ?');
  const sums = db.prepare(
    `SELECT coalesce(sum(coalesce(settledMicros, reservedMicros)), 0) AS committed,
            coalesce(sum(settledMicros), 0) AS settled
     FROM reservations WHERE team = ? AND sprint = ?`,
  );
  const reservation = db.prepare('SELECT 1 FROM reservations WHERE team = ? AND sprint = ? AND runId = ?');
  const insert = db.prepare(
    'INSERT INTO reservations (team, sprint, runId, taskId, reservedMicros) VALUES (?, ?, ?, ?, ?)',
  );
  const settle = db.prepare(
    `UPDATE reservations SET settledMicros = ?
     WHERE team = ? AND sprint = ? AND runId = ? AND settledMicros IS NULL`,
  );
  const reservations = db.prepare(
    `SELECT runId, taskId, reservedMicros, settledMicros FROM reservations
     WHERE team = ? AND sprint = ? ORDER BY runId`,
  );
  const insertCall = db.prepare(
    'INSERT INTO calls (runId, id, body) VALUES (?, ?, ?) ON CONFLICT (runId, id) DO NOTHING',
  );
  const callsOf = db.prepare('SELECT body FROM calls WHERE runId = ? ORDER BY id');

  return {
    async reserve({ runId, taskId, team, sprint, capMicros, limitMicros }) {
      const free = await db.write(() => {
        setLimit.run(team, sprint, limitMicros);
        if (reservation.get(team, sprint, runId)) return undefined;
        const left = limitMicros - Number(sums.get(team, sprint)?.committed);
        if (left < capMicros) return Math.max(0, left);
        insert.run(team, sprint, runId, taskId, capMicros);
        return undefined;
      });
      if (free === undefined) return;
      throw new DrydockError(
        'BudgetExceeded',
        `The run needs ${formatUsd(capMicros)}, but only ${formatUsd(free)} of ${formatUsd(limitMicros)} are left in the sprint of team ${team} that began ${sprint}.`,
      );
    },

    async settle({ runId, team, sprint, spentMicros }) {
      await db.write(() => settle.run(spentMicros, team, sprint, runId));
    },

    async budget(team, sprint) {
      const limit = limitOf.get(team, sprint);
      if (!limit) return undefined;
      const { committed, settled } = sums.get(team, sprint) ?? {};
      return {
        team,
        sprint,
        limitMicros: Number(limit.limitMicros),
        committedMicros: Number(committed),
        settledMicros: Number(settled),
        runs: reservations.all(team, sprint).map((row) => ({
          runId: String(row.runId),
          taskId: String(row.taskId),
          reservedMicros: Number(row.reservedMicros),
          settledMicros: row.settledMicros === null ? null : Number(row.settledMicros),
        })),
      };
    },

    async sums(team, sprint) {
      const limit = limitOf.get(team, sprint);
      if (!limit) return undefined;
      const committedMicros = Number(sums.get(team, sprint)?.committed);
      return { limitMicros: Number(limit.limitMicros), committedMicros };
    },

    async recordCalls(runId, calls) {
      await db.write(() => {
        for (const call of calls) insertCall.run(runId, call.id, JSON.stringify(call));
      });
    },

    calls: async (runId) => callsOf.all(runId).map((row) => parseBody(modelCall, row, `A model call of run ${runId}`)),
  };
}
