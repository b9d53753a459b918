import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Table } from './table/table.ts';

/** Where a sweep that did not finish goes on; stored in the table of the runs. */
export function createCursor(
  client: DynamoDBClient,
  tableName: string,
  name: string,
): { read(): Promise<string | undefined>; write(after: string | undefined): Promise<void> } {
  const table = new Table(client, tableName);
  const pk = 'cursor';
  return {
    async read() {
      const after = (await table.get(pk, name))?.after;
      return typeof after === 'string' ? after : undefined;
    },
    async write(after) {
      await table.put({ pk, sk: name, after });
    },
  };
}
