import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DrydockError } from '../../../core/errors.ts';
import type { Runs } from '../../../core/ports/store/runs.ts';
import { keepEnd, type RunEvent, type RunRecord } from '../../../core/run/record.ts';
import { type Item, Table } from './table.ts';
import { byTimeIndex } from './tables.ts';

/** Writers of one record are few (a step, a command, a phase's end); more failed attempts than this is a defect. */
const updateAttempts = 50;

const runPk = (runId: string): string => `run#${runId}`;
const taskPk = (repository: string, taskId: string): string => `task#${repository}#${taskId}`;

export function createRuns(client: DynamoDBClient, tableName: string): Runs {
  const table = new Table(client, tableName);

  const get = async (runId: string): Promise<RunRecord | undefined> => {
    const item = await table.get(runPk(runId), 'record');
    return item && toRecord(item);
  };

  return {
    get,
    async create(record) {
      // First: an entry of a run that came to nothing is passed over, a run without its entry would not be found.
      await table.put({ pk: taskPk(record.repository, record.taskId), sk: record.runId });
      const created = await table.put(toItem(record), { ConditionExpression: 'attribute_not_exists(pk)' });
      if (!created) throw new DrydockError('AlreadyClaimed', `Run ${record.runId} of ${record.taskId} exists already.`);
    },

    async update(runId, change) {
      for (let attempt = 0; attempt < updateAttempts; attempt++) {
        const record = await get(runId);
        if (!record) throw new DrydockError('RunNotFound', `There is no run ${runId}.`);
        const changed = change(structuredClone(record));
        if (!changed) return record;
        const next = { ...keepEnd(record, changed), version: record.version + 1 };
        const written = await table.put(toItem(next), {
          ConditionExpression: 'version = :v',
          ExpressionAttributeValues: { ':v': record.version },
        });
        if (written) return next;
      }
      throw new DrydockError('Conflict', `Run ${runId} is being changed by too many writers at once.`);
    },

    async list(limit = 200) {
      const items = await table.queryRaw({
        IndexName: byTimeIndex,
        KeyConditionExpression: 'listKey = :run',
        ExpressionAttributeValues: { ':run': 'run' },
        ScanIndexForward: false,
        Limit: limit,
      });
      const keys = items.slice(0, limit).map(({ pk, sk }) => ({ pk: String(pk), sk: String(sk) }));
      const found = new Map((await table.batchGet(keys)).map((item) => [item.pk, toRecord(item)]));
      return keys.flatMap(({ pk }) => found.get(pk) ?? []);
    },

    async byTask(repository, taskId) {
      const index = await table.query(taskPk(repository, taskId));
      const records = await Promise.all(index.map((item) => get(String(item.sk))));
      return records.filter((record) => record !== undefined);
    },

    async append(runId, event) {
      await table.put(
        { pk: runPk(runId), sk: `event#${event.key}`, ...event },
        { ConditionExpression: 'attribute_not_exists(pk)' },
      );
    },

    async events(runId) {
      const items = await table.query(runPk(runId), 'event#');
      return items
        .map(({ pk: _pk, sk: _sk, ...event }) => event as RunEvent)
        .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.key < b.key ? -1 : 1));
    },
  };
}

const toItem = (record: RunRecord): Item => ({ pk: runPk(record.runId), sk: 'record', listKey: 'run', ...record });

function toRecord(item: Item): RunRecord {
  const { pk: _pk, sk: _sk, listKey: _listKey, ...record } = item;
  return record as RunRecord;
}
