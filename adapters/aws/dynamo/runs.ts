import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Head } from '../../../core/audit/chain.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { Runs, UnfinishedRuns } from '../../../core/ports/store/runs.ts';
import { parseStored } from '../../../core/run/parse-stored.ts';
import { keepEnd, type RunRecord, runFacts, runRecord, runState } from '../../../core/run/record.ts';
import { isFinal } from '../../../core/run/status.ts';
import { createEvents, headOfShort, newestLine, shortHead } from './events.ts';
import { entryItem } from './listing/entry.ts';
import type { Listing } from './listing/page.ts';
import { runPk, strip } from './table/keys.ts';
import { pack, unpack } from './table/packing.ts';
import { type Item, Table } from './table/table.ts';
import { byTimeIndex, unfinishedIndex } from './table/tables.ts';

/**
 * A record has few concurrent writers (a step, a command, the end of a phase), so more conflicts than this are a
 * defect.
 */
const updateAttempts = 50;

const taskPk = (repository: string, taskId: string): string => `task#${repository}#${taskId}`;
const absent = { ConditionExpression: 'attribute_not_exists(pk)' };
const [factsKey, stateKey] = ['record.facts', 'record.state'];
/** Sort key of a record until version 0.1.0, which stored it as one item. */
const oldKey = 'record';

/**
 * A record has two items: the facts, written once, and the state, which nearly every write of a run changes.
 * @param listing Pages of the list of runs, for functions that show it.
 */
export function createRuns(client: DynamoDBClient, tableName: string, listing?: Listing): Runs {
  const table = new Table(client, tableName);

  const get = async (runId: string): Promise<RunRecord | undefined> =>
    toRecord(runId, await table.query(runPk(runId), 'record'));

  /** The records of index entries, in their order; those that cannot be read apart. */
  const recordsOf = async (
    entries: Item[],
  ): Promise<{ runs: RunRecord[]; faults: { runId: string; error: Error }[] }> => {
    const ids = entries.map(({ pk }) => String(pk).slice(runPk('').length));
    const keys = ids.flatMap((id) => [factsKey, stateKey].map((sk) => ({ pk: runPk(id), sk: String(sk) })));
    const items = Map.groupBy(await table.batchGet(keys), ({ pk }) => String(pk));
    const [runs, faults]: [RunRecord[], { runId: string; error: Error }[]] = [[], []];
    for (const runId of ids) {
      try {
        const run = toRecord(runId, items.get(runPk(runId)) ?? []);
        if (run) runs.push(run);
      } catch (error) {
        if (!(error instanceof DrydockError)) throw error;
        faults.push({ runId, error });
      }
    }
    return { runs, faults };
  };

  return {
    get,
    async create(record) {
      // The index entry is first: an entry without a run is skipped, but a run without an entry would never be found.
      await table.put({ pk: taskPk(record.repository, record.taskId), sk: record.runId });
      if (!record.parent) await table.put(entryItem(record));
      // Existing facts without a state come from an interrupted creation, perhaps by another person under another
      // policy. They are replaced in one transaction with the state, so that a run never has the facts of another.
      const created = (await table.put(factsItem(record), absent))
        ? await table.put(stateItem(record), absent)
        : (await table.transact([
            { Put: { TableName: tableName, Item: factsItem(record) } },
            { Put: { TableName: tableName, Item: stateItem(record), ...absent } },
          ])) === undefined;
      if (!created) throw new DrydockError('AlreadyClaimed', `Run ${record.runId} of ${record.taskId} exists already.`);
    },

    async update(runId, change) {
      for (let attempt = 0; attempt < updateAttempts; attempt++) {
        const record = await get(runId);
        if (!record) throw new DrydockError('RunNotFound', `There is no run ${runId}.`);
        const changed = change(structuredClone(record));
        if (!changed) return record;
        const next = { ...keepEnd(record, changed), version: record.version + 1 };
        const written = await table.put(stateItem(next, await newestLine(table, runId)), {
          ConditionExpression: 'version = :v',
          ExpressionAttributeValues: { ':v': record.version },
        });
        if (written) return next;
      }
      throw new DrydockError('Conflict', `Run ${runId} is being changed by too many concurrent writers.`);
    },

    async list(limit = 200) {
      const items = await table.queryRaw({
        IndexName: byTimeIndex,
        KeyConditionExpression: 'listKey = :run',
        ExpressionAttributeValues: { ':run': 'run' },
        ScanIndexForward: false,
        Limit: limit,
      });
      const found = items.slice(0, limit);
      const old = found.find(({ sk }) => sk === oldKey);
      if (old) throw oldRecord(String(old.pk));
      const { runs, faults } = await recordsOf(found);
      if (faults[0]) throw faults[0].error;
      return runs;
    },

    async unfinished({ limit, after }): Promise<UnfinishedRuns> {
      const { items, next } = await table.queryPage({
        IndexName: unfinishedIndex,
        KeyConditionExpression: 'unfinished = :run',
        ExpressionAttributeValues: { ':run': 'run' },
        Limit: limit,
        ExclusiveStartKey: after === undefined ? undefined : startAfter(after),
      });
      const { runs, faults } = await recordsOf(items);
      return {
        // The index may lag behind the records.
        runs: runs.filter(({ status }) => !isFinal(status)),
        unreadable: faults.map(({ runId }) => runId),
        ...(next ? { next: `${String(next.createdAt)} ${String(next.pk)}` } : {}),
      };
    },

    page(query) {
      if (!listing) throw new DrydockError('Internal', 'This function does not list runs.');
      return listing(table, async (ids) => recordsOf(ids.map((runId) => ({ pk: runPk(runId) }))), query);
    },

    async byTask(repository, taskId) {
      const index = await table.query(taskPk(repository, taskId));
      const records = await Promise.all(index.map((item) => get(String(item.sk))));
      return records.filter((record) => record !== undefined);
    },

    ...createEvents(table, async (runId) => headOfShort((await table.query(runPk(runId), stateKey))[0]?.audit)),
  };
}

const pick = (record: RunRecord, keys: object): Item =>
  Object.fromEntries(Object.entries(record).filter(([key]) => Object.hasOwn(keys, key)));

const factsItem = (record: RunRecord): Item => ({
  pk: runPk(record.runId),
  sk: factsKey,
  ...pack(pick(record, runFacts.shape), record.runId),
});

/** The key in the index of unfinished runs after which a page starts. */
const startAfter = (cursor: string): Item => {
  const [createdAt = '', pk = ''] = cursor.split(' ');
  return { unfinished: 'run', createdAt, pk, sk: stateKey };
};

/**
 * `createdAt` is a fact; the state repeats it because the indexes use attributes of this item.
 * @param audited The newest line of the run's chain; the state is written anyway.
 */
const stateItem = (record: RunRecord, audited?: Head): Item => ({
  pk: runPk(record.runId),
  sk: stateKey,
  listKey: 'run',
  ...(isFinal(record.status) ? {} : { unfinished: 'run' }),
  createdAt: record.createdAt,
  ...(audited ? { audit: shortHead(audited) } : {}),
  ...pack(pick(record, runState.shape), record.runId),
});

function toRecord(runId: string, items: Item[]): RunRecord | undefined {
  const item = (key: string | undefined): Item | undefined => items.find(({ sk }) => sk === key);
  if (item(oldKey)) throw oldRecord(runPk(runId));
  const [facts, state] = [item(factsKey), item(stateKey)];
  if (!facts || !state) return undefined;
  const { listKey: _listKey, unfinished: _unfinished, audit: _audit, ...stored } = strip(state);
  return parseStored(runRecord, unpack({ ...stored, ...strip(facts) }, runId), `The record of run ${runId}`);
}

const oldRecord = (pk: string): DrydockError =>
  new DrydockError('RecordUnreadable', `The record of run ${pk.slice(runPk('').length)} was written by version 0.1.0.`);
