import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Baselines } from '../../../core/ports/store/baselines.ts';
import { Table } from './table/table.ts';

/** Green baselines are stored in the table of the ledger. */
export function createBaselines(client: DynamoDBClient, tableName: string): Baselines {
  const table = new Table(client, tableName);
  return {
    async remember(key, runId) {
      await table.put(
        { pk: `baseline#${key}`, sk: 'green', runId },
        { ConditionExpression: 'attribute_not_exists(pk)' },
      );
    },

    async find(key) {
      const item = await table.get(`baseline#${key}`, 'green');
      return item === undefined ? undefined : String(item.runId);
    },
  };
}
