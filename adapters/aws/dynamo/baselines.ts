import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Baselines } from '../../../core/ports/store/baselines.ts';
import { Table } from './table/table.ts';
import { expiresAt, inDays } from './table/tables.ts';

/** Days that a green baseline is kept: a missing one is only run again. */
const keptDays = 90;

/** Green baselines are stored in the table of the ledger. */
export function createBaselines(client: DynamoDBClient, tableName: string, now: () => number = Date.now): Baselines {
  const table = new Table(client, tableName);
  return {
    async remember(key, runId) {
      await table.put(
        { pk: `baseline#${key}`, sk: 'green', runId, [expiresAt]: inDays(keptDays, now()) },
        { ConditionExpression: 'attribute_not_exists(pk)' },
      );
    },

    async find(key) {
      const item = await table.get(`baseline#${key}`, 'green');
      return item === undefined ? undefined : String(item.runId);
    },
  };
}
