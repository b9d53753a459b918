import { setTimeout as delay } from 'node:timers/promises';
import {
  beginOf,
  deploymentChain,
  type Head,
  nextLine,
  runEnded,
  type StoredChain,
} from '../../../core/audit/chain.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { Runs } from '../../../core/ports/store/runs.ts';
import { parseStored, readable } from '../../../core/run/parse-stored.ts';
import { type RunEvent, runEvent } from '../../../core/run/record.ts';
import { runPk, strip } from './table/keys.ts';
import type { Item, Table } from './table/table.ts';

/** Lines of the deployment's chain that a new one is compared with; the chain itself is never read as a whole here. */
const compared = 100;
/** Attempts to write the next line, if others write at the same time. */
const attempts = 60;
const digits = 9;
const headKey = 'head';

const lineKey = (seq: number): string => `event#${String(seq).padStart(digits, '0')}`;
/** Sort keys of lines; the keys of events from before the chain begin with a letter. */
const linesOf = (pk: string) => ({
  KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
  ExpressionAttributeValues: { ':pk': pk, ':first': 'event#0', ':last': 'event#:' },
  ConsistentRead: true,
});

const headOf = (items: readonly Item[]): Head | undefined => {
  const last = items.findLast(({ hash }) => hash !== undefined);
  return last && { seq: Number(last.seq), hash: String(last.hash) };
};

/** The newest line of a run's chain, which its state keeps too, so that a line that is missing at the end is found. */
export async function newestLine(table: Table, runId: string): Promise<Head | undefined> {
  const { items } = await table.queryPage({ ...linesOf(runPk(runId)), ScanIndexForward: false, Limit: 1 });
  return headOf(items);
}

/** Bytes of a hash that the state of a run keeps: few, because that item is written often. */
const shortBytes = 16;

/** A position as the state of a run keeps it. */
export const shortHead = ({ seq, hash }: Head): string =>
  `${seq}.${Buffer.from(hash, 'hex').subarray(0, shortBytes).toString('base64url')}`;

/** The position that was kept; its hash is the begin of the whole one. Undefined if there is none. */
export function headOfShort(kept: unknown): Head | undefined {
  if (kept === undefined) return undefined;
  const [seq = '', hash = ''] = String(kept).split('.');
  const bytes = Buffer.from(hash, 'base64url');
  const isShort = bytes.length === shortBytes && bytes.toString('base64url') === hash;
  // A position that cannot be read is in no chain.
  return { seq: Number(seq), hash: isShort ? bytes.toString('hex') : 'unreadable' };
}

/**
 * The events of runs. The number of a line is its sort key, so that a conditional write makes the lines a chain: one item
 * and one write for each. @param stateHead What the state of a run keeps of its chain.
 */
export function createEvents(
  table: Table,
  stateHead: (runId: string) => Promise<Head | undefined>,
): Pick<Runs, 'append' | 'chain' | 'events'> {
  const newest = async (pk: string): Promise<Item[]> =>
    (await table.queryPage({ ...linesOf(pk), ScanIndexForward: false, Limit: compared })).items.reverse();

  return {
    async append(runId, event) {
      const pk = runPk(runId);
      const ofDeployment = runId === deploymentChain;
      for (let attempt = 0; attempt < attempts; attempt++) {
        const items = ofDeployment ? await newest(pk) : await table.query(pk, 'event#');
        if (items.some(({ key }) => key === event.key)) return;
        const line = nextLine(headOf(items) ?? beginOf(runId), event);
        const item = { pk, sk: lineKey(line.seq), ...line };
        if (await table.put(item, { ConditionExpression: 'attribute_not_exists(pk)' })) {
          // The end of a run is in the run too, whose check misses its line here: it needs no write of its own.
          if (ofDeployment && line.type !== runEnded) await keepHead(table, pk, line);
          return;
        }
        await delay(Math.random() * 10 * Math.min(2 ** attempt, 50));
      }
      throw new DrydockError('Conflict', `Too many writers add to the audit of ${runId}.`);
    },

    async events(runId) {
      const items = await table.query(runPk(runId), 'event#');
      return items
        .map((item) => parseStored(runEvent, strip(item), `An event of run ${runId}`))
        .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.key < b.key ? -1 : 1));
    },

    async chain(runId): Promise<StoredChain> {
      const items = await table.query(runPk(runId), 'event#');
      const [kept] = runId === deploymentChain ? await table.query(runPk(runId), headKey) : [];
      const lines = items.map((item) => {
        const [line] = readable(() => parseStored(runEvent, strip(item), 'An event'));
        if (!line) return { fault: `The line ${String(item.sk)} cannot be read.` };
        if (line.seq !== undefined && item.sk !== lineKey(line.seq))
          return { fault: `Line ${line.seq} stands in the place of ${String(item.sk)}.` };
        return line;
      });
      // The numbers of lines sort before the names of events from before the chain.
      const old = (line: RunEvent | { fault: string }) => !('fault' in line) && line.seq === undefined;
      return {
        lines: [...lines.filter(old), ...lines.filter((line) => !old(line))],
        head: kept ? headOf([kept]) : await stateHead(runId),
      };
    },
  };
}

/** Later lines may have been kept already. */
const keepHead = (table: Table, pk: string, { seq, hash }: Head): Promise<boolean> =>
  table.put(
    { pk, sk: headKey, seq, hash },
    {
      ConditionExpression: 'attribute_not_exists(pk) OR seq < :seq',
      ExpressionAttributeValues: { ':seq': seq },
    },
  );
