import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DrydockError } from '../../../core/errors.ts';
import { formatUsd } from '../../../core/money/format.ts';
import type { Ledger } from '../../../core/ports/store/ledger.ts';
import { parseStored } from '../../../core/run/parse-stored.ts';
import { modelCall } from '../../../core/run/phase.ts';
import { strip } from './table/keys.ts';
import { Table } from './table/table.ts';

/** Attempts to reserve while other calls change the sprint's limit or its sums. */
const maxAttempts = 10;

const budgetPk = (team: string, sprint: string): string => `budget#${team}#${sprint}`;

/**
 * A sprint's item stores `committed` (settled plus reserved), because a condition expression cannot add. A reservation
 * and the new sum are written in one transaction.
 */
export function createLedger(client: DynamoDBClient, tableName: string): Ledger {
  const table = new Table(client, tableName);

  /** Brings the sprint's item to the policy's limit and returns its limit version. */
  const ensureBudget = async (pk: string, limitMicros: number): Promise<number> => {
    const item = await table.get(pk, 'total');
    if (item?.limitMicros === limitMicros) return Number(item.limitVersion);
    if (!item) {
      const first = { pk, sk: 'total', committed: 0, settled: 0, limitMicros, limitVersion: 1 };
      if (await table.put(first, { ConditionExpression: 'attribute_not_exists(pk)' })) return 1;
      return ensureBudget(pk, limitMicros);
    }
    const version = Number(item.limitVersion);
    await table.update(pk, 'total', {
      UpdateExpression: 'SET limitMicros = :limit, limitVersion = :next',
      ConditionExpression: 'limitVersion = :v',
      ExpressionAttributeValues: { ':limit': limitMicros, ':next': version + 1, ':v': version },
    });
    return ensureBudget(pk, limitMicros);
  };

  return {
    async reserve({ runId, taskId, team, sprint, capMicros, limitMicros }) {
      const pk = budgetPk(team, sprint);
      for (let attempt = 0; attempt < maxAttempts; attempt++) {
        const limitVersion = await ensureBudget(pk, limitMicros);
        const refused = await table.transact([
          {
            Put: {
              TableName: tableName,
              Item: { pk, sk: `run#${runId}`, runId, taskId, reservedMicros: capMicros },
              ConditionExpression: 'attribute_not_exists(pk)',
            },
          },
          {
            Update: {
              TableName: tableName,
              Key: { pk, sk: 'total' },
              UpdateExpression: 'SET committed = committed + :cap',
              ConditionExpression: 'committed <= :room AND limitVersion = :v',
              ExpressionAttributeValues: { ':cap': capMicros, ':room': limitMicros - capMicros, ':v': limitVersion },
            },
          },
        ]);
        if (!refused || refused[0] === 'ConditionalCheckFailed') return;
        const total = await table.get(pk, 'total');
        if (Number(total?.limitVersion) !== limitVersion) continue;
        const free = Math.max(0, limitMicros - Number(total?.committed ?? 0));
        // Another run settled between the refused transaction and this read.
        if (free >= capMicros) continue;
        throw new DrydockError(
          'BudgetExceeded',
          `The run needs ${formatUsd(capMicros)}, but only ${formatUsd(free)} of ${formatUsd(limitMicros)} are left in the sprint of team ${team} that began ${sprint}.`,
        );
      }
      throw new DrydockError('Conflict', `The budget of team ${team} keeps changing.`);
    },

    async settle({ runId, team, sprint, spentMicros }) {
      const pk = budgetPk(team, sprint);
      const reservation = await table.get(pk, `run#${runId}`);
      if (!reservation || reservation.settledMicros !== undefined) return;
      const reserved = Number(reservation.reservedMicros);
      await table.transact([
        {
          Update: {
            TableName: tableName,
            Key: { pk, sk: `run#${runId}` },
            UpdateExpression: 'SET settledMicros = :spent',
            ConditionExpression: 'attribute_not_exists(settledMicros)',
            ExpressionAttributeValues: { ':spent': spentMicros },
          },
        },
        {
          Update: {
            TableName: tableName,
            Key: { pk, sk: 'total' },
            UpdateExpression: 'SET committed = committed + :change, settled = settled + :spent',
            ExpressionAttributeValues: { ':change': spentMicros - reserved, ':spent': spentMicros },
          },
        },
      ]);
    },

    async budget(team, sprint) {
      const [items, total] = await Promise.all([
        table.query(budgetPk(team, sprint), 'run#'),
        table.get(budgetPk(team, sprint), 'total'),
      ]);
      if (!total) return undefined;
      return {
        team,
        sprint,
        limitMicros: Number(total.limitMicros),
        committedMicros: Number(total.committed),
        settledMicros: Number(total.settled),
        runs: items.map((item) => ({
          runId: String(item.runId),
          taskId: String(item.taskId),
          reservedMicros: Number(item.reservedMicros),
          settledMicros: item.settledMicros === undefined ? null : Number(item.settledMicros),
        })),
      };
    },

    async sums(team, sprint) {
      const total = await table.get(budgetPk(team, sprint), 'total');
      return total && { limitMicros: Number(total.limitMicros), committedMicros: Number(total.committed) };
    },

    async recordCalls(runId, calls) {
      await Promise.all(
        calls.map((call) =>
          table.put(
            { pk: `run#${runId}`, sk: `call#${call.id}`, ...call },
            { ConditionExpression: 'attribute_not_exists(pk)' },
          ),
        ),
      );
    },

    async calls(runId) {
      const items = await table.query(`run#${runId}`, 'call#');
      return items.map((item) => parseStored(modelCall, strip(item), `A model call of run ${runId}`));
    },
  };
}
