import { DrydockError } from '../../../core/errors.ts';
import type { Gates } from '../../../core/ports/store/gates.ts';
import { type Gate, gate as gateSchema, vote as voteSchema } from '../../../core/run/gate.ts';
import { readable } from '../../../core/run/parse-stored.ts';
import type { Database } from '../storage/database.ts';
import { parseBody } from './tables.ts';

export function createGates(db: Database): Gates {
  const insert = db.prepare('INSERT INTO gates (gateId, runId, body) VALUES (?, ?, ?) ON CONFLICT (gateId) DO NOTHING');
  const read = db.prepare('SELECT body FROM gates WHERE gateId = ?');
  const replace = db.prepare('UPDATE gates SET body = ? WHERE gateId = ?');
  const ofRun = db.prepare('SELECT gateId, body FROM gates WHERE runId = ? ORDER BY gateId');
  const voteOf = db.prepare('SELECT 1 FROM votes WHERE gateId = ? AND person = ?');
  const insertVote = db.prepare('INSERT INTO votes (gateId, person, body) VALUES (?, ?, ?)');
  const votesOf = db.prepare('SELECT body FROM votes WHERE gateId = ? ORDER BY person');
  const insertLate = db.prepare(
    `INSERT INTO lateVotes (gateId, person, at, body) VALUES (?, ?, ?, ?)
     ON CONFLICT (gateId, person, at) DO UPDATE SET body = excluded.body`,
  );

  const toGate = (gateId: unknown, row: { body?: unknown }): Gate =>
    parseBody(gateSchema, row, `Gate ${String(gateId)}`);
  const find = (gateId: string): Gate | undefined => {
    const row = read.get(gateId);
    return row && toGate(gateId, row);
  };
  const store = (changed: Gate): Gate => {
    replace.run(JSON.stringify(changed), changed.gateId);
    return changed;
  };

  return {
    get: async (gateId) => find(gateId),

    open: (gate) =>
      db.write(() => {
        if (Number(insert.run(gate.gateId, gate.runId, JSON.stringify(gate)).changes) > 0) return gate;
        const stored = find(gate.gateId);
        if (!stored)
          throw new DrydockError('GateNotFound', `Gate ${gate.gateId} disappeared while it was being opened.`);
        // The previous token is no longer valid. A decision that was delivered to it has to be delivered to this one.
        return store({ ...stored, token: gate.token, delivered: false });
      }),

    many: async (gateIds) =>
      [...new Set(gateIds)].flatMap((gateId) => readable(() => find(gateId))).flatMap((gate) => gate ?? []),

    byRun: async (runId) => ofRun.all(runId).map((row) => toGate(row.gateId, row)),

    votes: async (gateId) => votesOf.all(gateId).map((row) => parseBody(voteSchema, row, `A vote on gate ${gateId}`)),

    vote: ({ gateId, version, approvals }, vote, decision) =>
      db.write(() => {
        if (voteOf.get(gateId, vote.person))
          throw new DrydockError('VoteRefused', `${vote.person} has voted on ${gateId} already.`);
        const stored = find(gateId);
        if (stored?.version !== version || stored.status !== 'pending') return false;
        insertVote.run(gateId, vote.person, JSON.stringify(vote));
        store({
          ...stored,
          version: version + 1,
          approvals: vote.choice === 'approve' ? [...approvals, vote.person] : approvals,
          ...(decision ? { status: 'decided', decision } : {}),
        });
        return true;
      }),

    decide: (gateId, decision) =>
      db.write(() => {
        const stored = find(gateId);
        if (stored?.status !== 'pending') return false;
        store({ ...stored, status: 'decided', decision, version: stored.version + 1 });
        return true;
      }),

    async recordLate(gateId, vote) {
      await db.write(() => insertLate.run(gateId, vote.person, vote.at, JSON.stringify(vote)));
    },

    async markDelivered(gateId) {
      await db.write(() => {
        const stored = find(gateId);
        if (stored) store({ ...stored, delivered: true });
      });
    },
  };
}
