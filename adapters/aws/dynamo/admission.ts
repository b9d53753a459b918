import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Admission } from '../../../core/ports/store/admission.ts';
import { Table } from './table/table.ts';

const slotPk = (scope: string): string => `slots#${scope}`;

/** A number, because the holders of all scopes are too many for one item. */
const sumKey = { pk: 'slots', sk: 'sum' };
/** Each scope that was ever counted has an item of its own, so that none is too large. */
const scopePrefix = 'scope#';
const setOf = (value: unknown): Set<string> => new Set(value instanceof Set ? [...value].map(String) : []);

/** Slots and queue are stored in the table of the ledger. */
export function createAdmission(client: DynamoDBClient, tableName: string): Admission {
  const table = new Table(client, tableName);
  const holdersOf = async (scope: string): Promise<Set<string>> =>
    setOf((await table.get(slotPk(scope), 'holders'))?.holders);
  const sum = (update: {
    UpdateExpression: string;
    ConditionExpression?: string;
    ExpressionAttributeValues: object;
  }) => ({
    Update: { TableName: tableName, Key: sumKey, ...update },
  });
  return {
    async acquireSlot(scope, runId, limit, total) {
      const values = { ':run': new Set([runId]), ':limit': limit, ':id': runId };
      const isFree = 'attribute_not_exists(holders) OR size(holders) < :limit';
      if (total === undefined)
        return table.update(slotPk(scope), 'holders', {
          UpdateExpression: 'ADD holders :run',
          ConditionExpression: `${isFree} OR contains(holders, :id)`,
          ExpressionAttributeValues: values,
        });
      const known = await table.get(slotPk(scope), 'holders');
      if (setOf(known?.holders).has(runId)) return true;
      // Once for each scope, and before its first holder counts.
      if (known?.listed !== true) await table.put({ pk: sumKey.pk, sk: `${scopePrefix}${scope}`, scope });
      const refused = await table.transact([
        {
          Update: {
            TableName: tableName,
            Key: { pk: slotPk(scope), sk: 'holders' },
            // `counted`: the holders that the sum over all scopes has, whatever limits they were admitted under.
            UpdateExpression: 'SET listed = :yes ADD holders :run, counted :run',
            ConditionExpression: `(${isFree}) AND NOT contains(holders, :id)`,
            ExpressionAttributeValues: { ...values, ':yes': true },
          },
        },
        sum({
          UpdateExpression: 'ADD taken :one',
          ConditionExpression: 'attribute_not_exists(taken) OR taken < :total',
          ExpressionAttributeValues: { ':one': 1, ':total': total },
        }),
      ]);
      // A concurrent call for the same run may have been first.
      return refused === undefined || (await holdersOf(scope)).has(runId);
    },

    async releaseSlot(scope, runId) {
      const key = { pk: slotPk(scope), sk: 'holders' };
      if (!setOf((await table.get(key.pk, key.sk))?.counted).has(runId)) {
        await table.update(key.pk, key.sk, {
          UpdateExpression: 'DELETE holders :run',
          ExpressionAttributeValues: { ':run': new Set([runId]) },
        });
        return;
      }
      await table.transact([
        {
          Update: {
            TableName: tableName,
            Key: key,
            UpdateExpression: 'DELETE holders :run, counted :run',
            ConditionExpression: 'contains(counted, :id)',
            ExpressionAttributeValues: { ':run': new Set([runId]), ':id': runId },
          },
        },
        sum({ UpdateExpression: 'ADD taken :less', ExpressionAttributeValues: { ':less': -1 } }),
      ]);
    },

    slotHolders: async (scope) => [...(await holdersOf(scope))],
    slotsTaken: async () => Number((await table.get(sumKey.pk, sumKey.sk))?.taken ?? 0),

    countedScopes: async () => (await table.query(sumKey.pk, scopePrefix)).map(({ scope }) => String(scope)),

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

    async pausedBy() {
      const now = await table.get('admission', 'switch');
      return now?.paused === true ? String(now.by) : undefined;
    },
  };
}
