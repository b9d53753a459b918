import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Admission } from '../../../core/ports/store/admission.ts';
import { Table } from './table/table.ts';

const slotPk = (scope: string): string => `slots#${scope}`;

/** Slots and queue are stored in the table of the ledger. */
export function createAdmission(client: DynamoDBClient, tableName: string): Admission {
  const table = new Table(client, tableName);
  return {
    async acquireSlot(scope, runId, limit) {
      return table.update(slotPk(scope), 'holders', {
        UpdateExpression: 'ADD holders :run',
        ConditionExpression: 'attribute_not_exists(holders) OR size(holders) < :limit OR contains(holders, :id)',
        ExpressionAttributeValues: { ':run': new Set([runId]), ':limit': limit, ':id': runId },
      });
    },

    async releaseSlot(scope, runId) {
      await table.update(slotPk(scope), 'holders', {
        UpdateExpression: 'DELETE holders :run',
        ExpressionAttributeValues: { ':run': new Set([runId]) },
      });
    },

    async slotHolders(scope) {
      const item = await table.get(slotPk(scope), 'holders');
      return item?.holders instanceof Set ? [...item.holders].map(String) : [];
    },

    async enqueue(scope, runId, at) {
      const item = { pk: slotPk(scope), sk: `queue#${runId}`, runId, at };
      await table.put(item, { ConditionExpression: 'attribute_not_exists(pk)' });
    },

    async dequeue(scope, runId) {
      await table.delete(slotPk(scope), `queue#${runId}`);
    },

    async queue(scope) {
      const entries = (await table.query(slotPk(scope), 'queue#')).map(({ at, runId }) => `${at} ${runId}`);
      return entries.sort().map((entry) => entry.slice(entry.indexOf(' ') + 1));
    },

    async setPaused(paused, by) {
      await table.put({ pk: 'admission', sk: 'switch', paused, by });
    },

    async paused() {
      return (await table.get('admission', 'switch'))?.paused === true;
    },
  };
}
