import { type PhaseRecord, type Phases, phaseRecord } from '../../../core/ports/store/phases.ts';
import type { Database } from '../storage/database.ts';
import { parseBody } from './tables.ts';

export function createPhases(db: Database): Phases {
  const read = db.prepare('SELECT body FROM phases WHERE phaseId = ?');
  const ofRun = db.prepare('SELECT phaseId, body FROM phases WHERE runId = ? ORDER BY phaseId');
  const put = db.prepare(
    `INSERT INTO phases (phaseId, runId, body) VALUES (?, ?, ?)
     ON CONFLICT (phaseId) DO UPDATE SET body = excluded.body`,
  );

  const toPhase = (phaseId: unknown, row: { body?: unknown }): PhaseRecord =>
    parseBody(phaseRecord, row, `Phase ${String(phaseId)}`);
  const find = (phaseId: string): PhaseRecord | undefined => {
    const row = read.get(phaseId);
    return row && toPhase(phaseId, row);
  };
  const store = (phase: PhaseRecord): PhaseRecord => {
    put.run(phase.phaseId, phase.runId, JSON.stringify(phase));
    return phase;
  };

  return {
    get: async (phaseId) => find(phaseId),

    launch: ({ phaseId, runId, token, request }) =>
      db.write(() => {
        const stored = find(phaseId);
        if (!stored) return store({ phaseId, runId, attempt: 1, token, request, status: 'launched', delivered: false });
        // Ended but not delivered: the answer stays valid and only the token changes. Ended and delivered: a new attempt.
        if (stored.status === 'ended' && !stored.delivered) return store({ ...stored, token });
        const { answer: _answer, ...rest } = stored;
        return store({ ...rest, token, attempt: stored.attempt + 1, status: 'launched', delivered: false });
      }),

    byRun: async (runId) => ofRun.all(runId).map((row) => toPhase(row.phaseId, row)),

    end: (phaseId, attempt, answer) =>
      db.write(() => {
        const stored = find(phaseId);
        if (stored?.attempt !== attempt || stored.answer !== undefined) return false;
        store({ ...stored, status: 'ended', answer });
        return true;
      }),

    async markDelivered(phaseId) {
      await db.write(() => {
        const stored = find(phaseId);
        // A late caller may come after the next attempt has begun, whose answer is not delivered yet.
        if (stored?.status === 'ended') store({ ...stored, delivered: true });
      });
    },
  };
}
