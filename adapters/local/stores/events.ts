import { beginOf, canonical, type Head, nextLine, type StoredChain } from '../../../core/audit/chain.ts';
import type { Runs } from '../../../core/ports/store/runs.ts';
import { readable } from '../../../core/run/parse-stored.ts';
import { type RunEvent, runEvent } from '../../../core/run/record.ts';
import type { Database } from '../storage/database.ts';
import { parseBody } from './tables.ts';

/** The events of runs. Each line and the head of its chain are written in one transaction. */
export function createEvents(db: Database): Pick<Runs, 'append' | 'chain' | 'events'> {
  const has = db.prepare('SELECT 1 FROM events WHERE runId = ? AND key = ?');
  const insert = db.prepare('INSERT INTO events (runId, key, at, body) VALUES (?, ?, ?, ?)');
  const all = db.prepare('SELECT key, at, body FROM events WHERE runId = ? ORDER BY at, key');
  const readHead = db.prepare('SELECT seq, hash FROM auditHeads WHERE chain = ?');
  const writeHead = db.prepare(
    'INSERT INTO auditHeads (chain, seq, hash) VALUES (?, ?, ?) ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash',
  );
  const headOf = (runId: string): Head | undefined => {
    const row = readHead.get(runId);
    return row && { seq: Number(row.seq), hash: String(row.hash) };
  };

  return {
    async append(runId, event) {
      await db.write(() => {
        if (has.get(runId, event.key)) return;
        const line = nextLine(headOf(runId) ?? beginOf(runId), event);
        insert.run(runId, line.key, line.at, canonical(line));
        writeHead.run(runId, line.seq, line.hash);
      });
    },

    events: async (runId) => all.all(runId).map((row) => parseBody(runEvent, row, `An event of run ${runId}`)),

    async chain(runId): Promise<StoredChain> {
      const lines = all.all(runId).map((row) => {
        const [line] = readable(() => parseBody(runEvent, row, 'An event'));
        if (!line) return { fault: `The line ${String(row.key).slice(0, 200)} cannot be read.` };
        const same = line.hash === undefined || canonical(line) === row.body;
        return same && line.key === row.key && line.at === row.at
          ? line
          : { fault: `The line ${String(row.key).slice(0, 200)} is stored in another way than it was written.` };
      });
      const seqOf = (line: RunEvent | { fault: string }) => ('fault' in line ? 0 : (line.seq ?? -1));
      const sorted = lines.sort((a, b) => seqOf(a) - seqOf(b));
      const head = headOf(runId);
      const beheaded = head === undefined && sorted.some((line) => seqOf(line) > 0);
      return { lines: beheaded ? [...sorted, { fault: 'The head of the chain is missing.' }] : sorted, head };
    },
  };
}
