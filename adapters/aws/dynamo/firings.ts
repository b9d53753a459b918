import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Firings } from '../../../core/ports/store/firings.ts';
import { Table } from './table/table.ts';
import { expiresAt, inDays } from './table/tables.ts';

/** Days that a firing is kept, much longer than any host repeats an event. */
const keptDays = 400;

/** Firings are stored in the table of the ledger. */
export function createFirings(client: DynamoDBClient, tableName: string, now: () => number = Date.now): Firings {
  const table = new Table(client, tableName);
  const find = async (key: string): Promise<string | undefined> => {
    const item = await table.get(`firing#${key}`, 'note');
    return item === undefined ? undefined : String(item.note);
  };
  return {
    find,
    async claim(key, note) {
      await table.put(
        { pk: `firing#${key}`, sk: 'note', note, [expiresAt]: inDays(keptDays, now()) },
        { ConditionExpression: 'attribute_not_exists(pk)' },
      );
      return (await find(key)) ?? note;
    },
  };
}
